"""The command line: one module a command, each registered on one Typer app; heavy imports wait until a command runs."""

import gc
import sys

import typer

from analyzer import limits, workers
from analyzer.cli import analyze, batch, demo, explain, export, ingest, inspect, optimize, query, report, tables, timeline, verify
from analyzer.cli.options import complain
from analyzer.exceptions import PodopsyError

app = typer.Typer(
    name="podopsy",
    help="Forensic analysis of Kubernetes node failures from the logs that are left.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (inspect, ingest, optimize, analyze, report, explain, verify, timeline, query, export, batch, demo, tables):
    module.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    limit: list[str] = typer.Option([], "--limit", metavar="NAME=N", help="Another limit for hostile input (docs/threat-model.md)."),  # noqa: B008
) -> None:
    if limit:
        limits.add(limit)
    if version:
        from analyzer.version import tool_version

        typer.echo(f"podopsy {tool_version()}")
        raise typer.Exit


_CYCLES = 250_000
"""So many objects more than before, and Python looks for cycles among them. We make few cycles and many objects: its own 700 cost a
tenth of a small analysis."""


def main() -> None:
    """Run a command; errors that the program knows are one line on stderr and an exit status."""
    gc.set_threshold(_CYCLES, 20, 20)
    try:
        workers.allow()
        app()
    except PodopsyError as error:
        complain(str(error))
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away: head, less
        sys.stderr.close()
        sys.exit(0)
