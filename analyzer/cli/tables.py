"""podopsy schema and podopsy detectors: what there is, as tables."""

import typer

from analyzer.cli.speaking import complain, say
from analyzer.outputs.words import printable


def register(app: typer.Typer) -> None:
    app.command()(schema)
    app.command()(detectors)


def schema() -> None:
    """The tables of the store and their columns, and klog, which query makes of the records."""
    from analyzer.outputs.klog_table import KLOG
    from analyzer.vocabulary import TABLES

    for name, columns in {**TABLES, "klog": KLOG}.items():
        typer.echo(name)
        for column, kind in columns.items():
            typer.echo(f"  {column:<20} {kind}")


def detectors() -> None:
    """What is looked for: what each kind of finding proves, what it needs, what would speak against it, and who brings the detector."""
    from analyzer.detectors import known

    for detector in known(complain):
        words = {"proves": detector.proves, "needs": detector.needs, "not if": detector.contradicted_by}
        typer.echo(detector.kind)
        for label, text in (words | {"from": detector.distribution or "podopsy itself"}).items():
            say(f"  {label + ':':<8}{printable(text)}\n")
