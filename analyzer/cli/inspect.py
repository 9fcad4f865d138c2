"""podopsy inspect: what the evidence holds, and what of it was not understood; writes nothing."""

from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(o.spread(inspect))


def inspect(
    evidence: o.Evidence,
    shapes: Annotated[int, typer.Option("--shapes", metavar="N", min=0, help="So many shapes of what was not understood.")] = 10,
    everything: Annotated[bool, typer.Option("--all", help="List each source, also where many of a kind have no events.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with all sources and all shapes.")] = False,
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

    target: Store | None = o.opened(None, evidence.store) if evidence.store is not None else None
    if target is None:
        target = Recognising(o.opened(evidence.paths, None) or MemoryStore())
        with o.progress() as bar:
            try:
                pipeline.ingest(evidence.paths or [], target, evidence.options(), bar)
            except EvidenceError:
                if target.table("sources").is_empty():
                    raise
    if json:
        o.hand_over(inventory.as_json(target))
    else:
        o.say_folded(inventory.as_text(target, shapes=shapes, everything=everything))
    if not (target.table("sources")["status"] == SourceStatus.READ).any():
        raise typer.Exit(EvidenceError.exit_status)
