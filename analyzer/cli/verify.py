"""podopsy verify: the evidence still says what the findings cite, or it is told where it does not."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    app.command()(o.spread(verify))


def verify(
    evidence: o.Evidence,
    question: o.Question,
    findings: Annotated[
        Path | None, typer.Option("--findings", metavar="FILE.json", help="Verify these, printed earlier by analyze -o json.")
    ] = None,
    output: Annotated[Form, typer.Option("-o", "--output", help="How the result is written.")] = Form.TEXT,
) -> None:
    """Read the sources again and prove that they still say what the findings cite. Exit 1 if something does not hold.

    Writes nothing. Against --store: the sources under PATH are those that it was made from. Against --findings: they say what that
    document cites, and an analysis gives the same findings today. Without either: the findings of an analysis made now.
    """
    from analyzer.exceptions import UsageError
    from analyzer.outputs import verification
    from analyzer.store import open_store
    from analyzer.verification import read_document
    from analyzer.verification import verify as verified

    if not evidence.paths:
        raise UsageError("verify reads the sources again: give the PATHs that hold them, also with --store or --findings")
    if "-" in evidence.paths:
        raise UsageError("verify reads the sources again, and standard input can be read only once: give a file")
    question.check()
    store = open_store(evidence.store) if evidence.store is not None else None
    if store is not None:
        store.check()
    with o.progress() as bar:
        verdict = verified(
            evidence.paths,
            store=store,
            written=read_document(findings) if findings is not None else None,
            options=evidence.options(),
            desired=o.parse_desired(question.desired),
            kinds=question.kind,
            without=question.without,
            progress=bar,
        )
    for line in verdict.failed:
        o.complain(line)
    if output is Form.JSON:
        o.hand_over(verification.as_json(verdict))
    else:
        o.say(verification.as_text(verdict))
    if verdict.problems:
        raise typer.Exit(1)
