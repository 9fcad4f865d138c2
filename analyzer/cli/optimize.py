"""podopsy optimize: a store of many small files as one of few large ones."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o
from analyzer.outputs.words import printable


def register(app: typer.Typer) -> None:
    app.command()(optimize)


def optimize(store: Annotated[Path, typer.Option("--store", metavar="DIR", help="The store.")]) -> None:
    """Put a store's many small files together, and delete what nobody names any more. Changes nothing of what it holds."""
    from analyzer.store import open_store

    done = open_store(store).optimize()
    o.say(f"{printable(f'{store}: {done.before} files, now {done.after}; {done.deleted} deleted that nobody named for a day')}\n")
