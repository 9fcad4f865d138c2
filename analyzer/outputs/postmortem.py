"""The draft of a post-mortem, in Markdown to be pasted: story, timeline, findings, evidence, open questions, and what people must add."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs.selected import told
from analyzer.outputs.words import count, names, printable, telling, upper, when
from analyzer.proof import Proof

MOMENTS = 80
"""Rows of the timeline; of more, those of the gravest findings."""
PROOFS = 12
"""Records that are cited of one finding; podopsy explain shows all."""
_MARKUP = {c: f"\\{c}" for c in "\\`*_[]|#~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def render(analysis: Analysis) -> str:
    """The whole draft, ending in a newline. Log content in it is text: nothing of it is markup."""
    unexpected = [f for f in analysis.findings if not f.expected]
    designed = [f for f in analysis.findings if f.expected]
    life = analysis.life
    title = f"{_days(life.start, life.end)}: {_about(unexpected)}"
    lines = [f"# Post-mortem (draft), {title}", "", "## What happened", "", *(f"- {_text(s)}" for s in told(analysis))]
    lines += ["", "## Timeline", "", *_timeline(unexpected)]
    lines += ["", "## Findings", "", *_findings(unexpected, "Nothing unexpected was found.")]
    if designed:
        lines += ["", "By design (starts, rollouts, graceful ends):", "", *_findings(designed, "")]
    lines += ["", "## Open questions", "", *_questions(analysis)]
    lines += ["", "## To be written", "", "- Impact on users: ", "- Root cause: ", "- What went well, and what did not: "]
    lines += ["", "## Actions", "", *_actions(unexpected)]
    lines += ["", "## Evidence", "", *_provenance(analysis), *(line for f in analysis.findings for line in _proofs(f))]
    return "\n".join(lines) + "\n"


def _days(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%d}" if start.date() == end.date() else f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"


def _about(findings: list[Finding]) -> str:
    nodes = sorted({f.node for f in findings if f.node})
    if nodes:
        return _text(("node " if len(nodes) == 1 else "nodes ") + names(nodes))
    owners = sorted({f.controller for f in findings if f.controller})
    return _text(names(owners)) if owners else "nothing unexpected" if not findings else "the cluster"


# --- sections


def _timeline(findings: list[Finding]) -> Iterator[str]:
    """A row for each moment at which findings of one kind and place began or ended."""
    rows: dict[tuple[datetime, bool, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:  # the gravest first
        for begins, edge in ((True, finding.start), (False, finding.end)):
            if edge.time is not None:
                rows[edge.time, begins, finding.node or finding.controller or "cluster", finding.kind].append(finding)
    if not rows:
        yield "Nothing to tell."
        return
    yield "| time (UTC) | where | what | record | findings |"
    yield "|---|---|---|---|---|"
    for key in sorted(list(rows)[:MOMENTS]):
        moment, begins, where, kind = key
        some = rows[key]
        proof = telling(some[0].start if begins else some[0].end)
        record = f"`{_code(proof.place)}` {_text(proof.proves)}" if proof else ""
        number = f"{len(some)} × " if len(some) > 1 else ""
        shown = ", ".join(f"`{f.id}`" for f in some[:3]) + (f" and {len(some) - 3} more" if len(some) > 3 else "")
        what = f"{number}{kind} {'begin' if begins else 'end'}{'s' if len(some) == 1 else ''}"
        yield f"| {moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} | {_text(where)} | {what} | {record} | {shown} |"
    if len(rows) > MOMENTS:
        yield ""
        yield f"{len(rows) - MOMENTS} more moments are not listed, those of the less grave findings (podopsy analyze -o wide tells all)."


def _findings(findings: list[Finding], none: str) -> Iterator[str]:
    if not findings:
        yield none
        return
    yield "| severity | confidence | kind | when (UTC) | what | id |"
    yield "|---|---|---|---|---|---|"
    for f in findings:
        yield f"| {f.severity} | {f.confidence} | {f.kind} | {when(f.start.time, f.end.time)} | {_text(f.summary)} | `{f.id}` |"


def _questions(analysis: Analysis) -> Iterator[str]:
    """What findings take for granted and what would settle it, each once with all whom it concerns; and what could not be read."""
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in analysis.findings:
        rests, settles = _items(finding.details.get("depends_on")), _items(finding.details.get("settled_by"))
        for at in range(max(len(rests), len(settles))):
            rest = rests[at] if at < len(rests) else "" if rests else f"what happened ({finding.kind})"
            asked[rest, settles[at] if at < len(settles) else ""].append(finding.id)
    for (rest, settle), ids in asked.items():
        whom = ", ".join(f"`{i}`" for i in ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
        told_by = f" Settled by: {_text(settle)}." if settle else ""
        yield f"- [ ] {_text(upper(rest)) + '.' if rest else ''}{told_by} ({whom})"
    problems = analysis.incomplete()
    for line in problems[:PROOFS]:
        yield f"- [ ] Not wholly read: {_text(line)}"
    if len(problems) > PROOFS:
        yield f"- [ ] Not wholly read: {len(problems) - PROOFS} more sources (podopsy inspect lists them)"
    if not asked and not problems:
        yield "None: each finding is told by records on either side of it, and all of the evidence was read."


def _actions(findings: list[Finding]) -> Iterator[str]:
    """The moves that findings propose; owners and dates are for people."""
    commands: dict[str, str] = {}
    for finding in findings:
        move = finding.details.get("move")
        if isinstance(move, dict) and move.get("command"):
            commands.setdefault(str(move["command"]), finding.id)
    for command, identity in commands.items():
        yield f"- [ ] `{_code(command)}` (`{identity}`)"
    yield "- [ ] … (owner, due)"


def _provenance(analysis: Analysis) -> Iterator[str]:
    read = analysis.evidence()
    much = f"{count(read['records'], 'record')} of {count(read['sources'], 'source')}"
    yield f"{much} were read, {read['start']} to {read['end']}; {read['rejected']} could not be understood."
    cited = analysis.cited()
    if cited:
        yield ""
        yield "| cited source | SHA-256 |"
        yield "|---|---|"
        yield from (f"| `{_code(row['source'])}` | `{row['sha256']}` |" for row in cited)


def _proofs(finding: Finding) -> Iterator[str]:
    yield ""
    yield f"### {finding.kind} `{finding.id}`"
    yield ""
    yield _text(finding.summary)
    yield ""
    shown = list(finding.evidence[:PROOFS])
    yield from (_proof(p) for p in shown)
    if len(finding.evidence) > PROOFS:
        yield f"- and {len(finding.evidence) - PROOFS} more: `podopsy explain {finding.id}`"


def _proof(proof: Proof) -> str:
    return f"- `{_code(proof.place)}` {_text(proof.proves)}: `{_code(proof.text)}`"


# --- words


def _items(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _text(text: str) -> str:
    """Log content as Markdown text: nothing in it is markup."""
    return "".join(_MARKUP.get(c, c) for c in printable(text))


def _code(text: str) -> str:
    """Log content between backticks, also in a table. A backslash at the end would be one of the cell."""
    return printable(text).replace("`", "'").replace("|", "¦")
