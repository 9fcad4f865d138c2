"""The reasoning of one finding, in order: its edges, what proves them, what they make, how sure that is, what would speak against it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from analyzer.analysis import Analysis
from analyzer.detectors import known
from analyzer.detectors.base import seconds
from analyzer.exceptions import UsageError
from analyzer.findings import Finding
from analyzer.outputs.surroundings import Place, Raw, place, surroundings
from analyzer.outputs.words import printable
from analyzer.proof import Edge, Proof, rfc3339

_WIDE = 400
"""Characters of a raw line that are shown."""
_LINES = 120
"""Lines of one place that are shown: all items of a long list may stand in one."""
_REASONS = {"depends_on": "It rests on", "settled_by": "It would be settled by"}
"""Details that say how sure a finding is, and why."""


def render(analysis: Analysis, finding_id: str, paths: Sequence[str | Path], context: int) -> str:
    """Text that ends in a newline. Raises UsageError if no finding, or more than one, begins with that id."""
    finding = _chosen(analysis, finding_id)
    edges = (finding.start, finding.end)
    proofs = [*(proof for edge in edges for proof in edge.proofs), *finding.evidence]
    teller = _Teller(surroundings(analysis, proofs, paths, context))
    of_edges = {place(proof) for edge in edges for proof in edge.proofs}
    further = [proof for proof in finding.evidence if place(proof) not in of_edges]
    lines = [
        f"{finding.kind} {finding.id}: {finding.severity}, {finding.confidence}" + (", by design" if finding.expected else ""),
        finding.summary,
        *_heading(1, _moment("It starts", finding.start)),
        *teller.edge(finding.start),
        *_heading(2, _moment("It ends", finding.end)),
        *teller.edge(finding.end),
    ]
    if further:
        lines += _heading(3, "Further evidence, in the order of time")
        lines += [line for proof in further for line in teller.proof(proof)]
    lines += [*_heading(4 if further else 3, "What this makes"), *_conclusion(finding)]
    return "\n".join(printable(line) for line in lines) + "\n"


def _chosen(analysis: Analysis, finding_id: str) -> Finding:
    chosen = [f for f in analysis.findings if f.id.startswith(finding_id)]
    if len(chosen) != 1:
        what = "no finding has" if not chosen else f"{len(chosen)} findings have"
        raise UsageError(f"{what} an id that begins with {finding_id!r} (podopsy analyze lists them)")
    return chosen[0]


def _heading(number: int, text: str) -> list[str]:
    return ["", f"{number}. {text}"]


def _moment(verb: str, edge: Edge) -> str:
    return f"{verb} at {rfc3339(edge.time)}" if edge.time else f"{verb} not within the evidence"


def _bounds(edge: Edge) -> str:
    low, high = rfc3339(edge.earliest), rfc3339(edge.latest)
    if edge.time is None and edge.earliest is not None and edge.latest is None:
        return f"surely not before {low}"
    if edge.earliest is not None and edge.latest is not None:
        wide = _wide(edge.latest - edge.earliest) if edge.latest > edge.earliest else "the moment of its record"
        return f"surely not before {low}, not after {high} ({wide})"
    return f"surely not before {low or 'a moment that nothing tells'}, not after {high or 'a moment that nothing tells'}"


def _wide(duration: timedelta) -> str:
    """A duration of any size in words."""
    short = duration / timedelta(milliseconds=1)
    return f"{short:.3g} ms" if short < 1000 else seconds(duration)


class _Teller:
    """Tells each cited record once; where it is met again, it refers to that."""

    def __init__(self, around: dict[Place, list[Raw]]) -> None:
        self._around = around
        self._told: set[Place] = set()

    def edge(self, edge: Edge) -> Iterator[str]:
        yield f"   {_bounds(edge)}"
        reason = edge.rule or "; ".join(dict.fromkeys(proof.proves for proof in edge.proofs))
        if reason:
            yield f"   because {reason}"
        if not edge.proofs:
            yield "   no record tells of this moment"
        for proof in edge.proofs:
            yield from self.proof(proof)

    def proof(self, proof: Proof) -> Iterator[str]:
        here = place(proof)
        yield ""
        yield f"   {rfc3339(proof.time) or '-'}  {proof.proves}"
        if here in self._told:
            yield f"   {proof.place}  (shown above)"
            yield f"   says: {proof.text}"
            return
        self._told.add(here)
        yield f"   {proof.place}"
        near = self._around.get(here, [])
        if not any(raw.cited and proof.text in raw.text[:_WIDE] for raw in near):
            yield f"   says: {proof.text}"  # one field of it, or what several of its fields say
        for raw in near[:_LINES]:
            text = raw.text if len(raw.text) <= _WIDE else raw.text[: _WIDE - 1] + "…"
            yield f"   {'>' if raw.cited else ' '} {raw.label + ':' if raw.label else '  '} {text}"
        if len(near) > _LINES:
            yield f"     and {len(near) - _LINES} more of this place"


def _conclusion(finding: Finding) -> Iterator[str]:
    detector = next((d for d in known() if d.kind == finding.kind), None)
    if detector is not None:
        yield f"   A finding of this kind says: {detector.proves}"
    for key, value in finding.details.items():
        if key not in _REASONS and value is not None and (words := _words(value)):
            yield f"   {key}: {words}"
    yield ""
    sources = len({proof.source for proof in finding.evidence})
    yield f"   It is {finding.confidence}: {len(finding.evidence)} record(s) of {sources} source(s) tell of it; {_vagueness(finding)}."
    for key, label in _REASONS.items():
        for reason in _items(finding.details.get(key)):
            yield f"   {label}: {_words(reason)}"
    if finding.expected:
        yield "   Kubernetes is meant to do this."
    if detector is not None:
        yield f"   It would be contradicted by: {detector.contradicted_by}"


def _vagueness(finding: Finding) -> str:
    told = []
    for name, edge in (("start", finding.start), ("end", finding.end)):
        if edge.time is None:
            told.append(f"its {name} is not within the evidence")
        elif edge.earliest is None or edge.latest is None:
            told.append(f"its {name} is bounded on one side only" if edge.earliest or edge.latest else f"nothing bounds its {name}")
        elif edge.latest > edge.earliest:
            told.append(f"its {name} is known to within {_wide(edge.latest - edge.earliest)}")
        else:
            told.append(f"its {name} is the moment of a record")
    return ", ".join(told)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _words(value: Any) -> str:
    """A detail for a reader."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    return str(value)
