"""podopsy inspect: what the evidence holds, and what of it was not understood; writes nothing."""

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
    captured: o.Captured = None,
    shapes: int = typer.Option(10, "--shapes", metavar="N", min=0, help="So many shapes of what was not understood."),
    everything: bool = typer.Option(False, "--all", help="List each source, also where many of a kind have no events."),
    json: bool = typer.Option(False, "--json", help="As JSON, with all sources and all shapes."),
) -> None:
    """What this evidence holds: sources, formats, nodes, time spans, rejects, and what was not understood.

    Of the lines from components that we know (kubelet, k3s, rke2, OpenShift's node, controller-manager, scheduler, dockerd, containerd,
    CRI-O, systemd about their units): parsed, if time, severity, source file and key=values were read; understood, if the line gave an
    event, or its text is known from the component's source and says nothing of lifecycles. All others are listed by shape, the most
    frequent first: texts with placeholders for values, ids, numbers and names.
    """
    import analyzer.ingest as pipeline
    from analyzer.exceptions import EvidenceError
    from analyzer.outputs import inventory
    from analyzer.recognition import Recognising
    from analyzer.store import MemoryStore, Store
    from analyzer.vocabulary import SourceStatus

    target: Store | None = o.opened(None, store) if store is not None else None
    if target is None:
        target = Recognising(o.opened(paths, None) or MemoryStore())
        with o.progress() as bar:
            try:
                pipeline.ingest(paths or [], target, o.evidence_options(node, source_format, tz, year, captured), bar)
            except EvidenceError:
                if target.table("sources").is_empty():
                    raise
    typer.echo(inventory.as_json(target) if json else inventory.as_text(target, shapes=shapes, everything=everything), nl=False)
    if not (target.table("sources")["status"] == SourceStatus.READ).any():
        raise typer.Exit(EvidenceError.exit_status)
