"""podopsy inspect: what the evidence holds; writes nothing."""

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(inspect)


def inspect(
    paths: o.Paths = None,
    store: o.StoreDir = None,
    node: o.Node = None,
    source_format: o.Format = None,
    tz: o.Zone = None,
    year: o.Year = None,
    json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """What this evidence holds: sources, formats, nodes, time spans, coverage, and what was not understood."""
    import analyzer.ingest as pipeline
    from analyzer.exceptions import EvidenceError
    from analyzer.outputs import inventory
    from analyzer.store import MemoryStore
    from analyzer.vocabulary import SourceStatus

    target = o.opened(None, store) if store is not None else None
    if target is None:
        target = o.opened(paths, None) or MemoryStore()
        with o.progress() as bar:
            try:
                pipeline.ingest(paths or [], target, o.evidence_options(node, source_format, tz, year), bar)
            except EvidenceError:
                if target.table("sources").is_empty():
                    raise
    typer.echo(inventory.as_json(target) if json else inventory.as_text(target), nl=False)
    if not (target.table("sources")["status"] == SourceStatus.READ).any():
        raise typer.Exit(EvidenceError.exit_status)
