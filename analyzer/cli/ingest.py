"""podopsy ingest: evidence into a store."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o
from analyzer.outputs.words import printable


def register(app: typer.Typer) -> None:
    app.command()(o.spread(ingest))


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, archives, or - for standard input.")],
    store: Annotated[Path, typer.Option("--store", metavar="DIR", help="The store; made if it is not there.")],
    stated: o.Stated,
) -> None:
    """Read evidence into a store of Delta Lake tables. Repeating it changes nothing."""
    from analyzer.evidence.looked import begin

    begin(paths)
    import analyzer.ingest as pipeline
    from analyzer.store import open_store

    target = open_store(store, create=True)
    with o.progress() as bar:
        new = pipeline.ingest(paths, target, stated.options(), bar)
    sources = target.table("sources")
    counted = f"{sources.height} sources, {sources['records'].sum()} records, {sources['rejected'].sum()} rejected"
    o.say(f"{printable(f'{new} new source(s); {store} holds {counted}')}\n")
