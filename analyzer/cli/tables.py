"""podopsy schema and podopsy detectors: what there is, as tables."""

import typer


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
    """What is looked for: what each kind of finding proves, and what it needs."""
    from analyzer.detectors import REGISTRY

    for detector in REGISTRY:
        typer.echo(f"{detector.kind}\n  proves: {detector.proves}\n  needs:  {detector.needs}\n  not if: {detector.contradicted_by}")
