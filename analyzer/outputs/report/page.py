"""What the page says in words, without any script: story, verdict, findings in short, what was read. The template escapes it."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.outputs.report.embed import clock, name, plain, told
from analyzer.outputs.report.verdict import covered, verdict
from analyzer.outputs.selected import told as story
from analyzer.outputs.words import telling, upper
from analyzer.vocabulary import SourceStatus

LISTED = 200
"""Findings in the table for paper, and for readers without scripts."""
SOURCES = 1000
SENTENCE = 900
"""Characters: names of log content may be of any length."""
_UNREAD = (SourceStatus.FAILED, SourceStatus.UNRECOGNISED, SourceStatus.EMPTY, SourceStatus.DUPLICATE)
_MOMENT = re.compile(r"(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d:\d\d)(\.\d+)?Z", re.ASCII)
_DAY = re.compile(r"On (\d{4}-\d\d-\d\d) \(UTC\): ", re.ASCII)


_TO_DO = "To do: "


class Piece(NamedTuple):
    """A part of a sentence; ``moment`` (RFC 3339) where it is a time that may be shown in another zone; ``command``: to be typed."""

    text: str
    moment: str | None = None
    command: bool = False


class Told(NamedTuple):
    """The story: what is known, what happened, what is to be done."""

    known: list[Piece]
    happened: list[list[Piece]]
    to_do: list[list[Piece]]


def content(analysis: Analysis) -> dict[str, Any]:
    """The template's variables, but for title, command and the picture."""
    life = analysis.life
    day = f"{life.start:%Y-%m-%d}" if life.start.date() == life.end.date() else None
    said = story_of(analysis)
    listed = sorted(analysis.findings, key=lambda f: f.expected)
    sources = list(_sources(analysis))
    read = [s for s in sources if s["status"] == SourceStatus.READ]
    unread = [s for s in sources if s["status"] != SourceStatus.READ]
    return {
        "span": pieces(f"{clock(life.start)[:-8]}Z to {clock(life.end)[:-8]}Z ({seconds(life.end - life.start)})", None),
        "readable": _readable(analysis),
        "verdict": verdict(analysis),
        "story": said,
        "covered": covered(analysis),
        "cut": lambda words: pieces(words, day),
        "findings": [_finding(f) for f in listed[:LISTED]],
        "unlisted": max(len(listed) - LISTED, 0),
        "number": len(analysis.findings),
        "sources": read[:SOURCES],
        "sources_more": max(len(read) - SOURCES, 0),
        "unread": sorted(unread, key=lambda s: _UNREAD.index(s["status"]) if s["status"] in _UNREAD else -1)[:SOURCES],
        "unread_more": max(len(unread) - SOURCES, 0),
        "coverage": [
            {
                "node": name(c.node or "(cluster)"),
                "kind": plain(c.source_kind),
                "start": clock(c.start),
                "end": clock(c.end),
                "gaps": [plain(f"{clock(start)} to {clock(end)}: {why}") for start, end, why in c.gaps[:20]],
                "more": max(len(c.gaps) - 20, 0),
            }
            for c in life.coverage[:SOURCES]
        ],
        "coverage_more": max(len(life.coverage) - SOURCES, 0),
    }


def story_of(analysis: Analysis) -> Told:
    """Its sentences, cut at times and commands."""
    known, *rest = [told(s, SENTENCE) for s in story(analysis)]
    day = next((m[1] for s in rest if (m := _DAY.search(s))), None)
    moves = [f.details.get("move") for f in analysis.findings]
    commands = [plain(m["command"]) for m in moves if isinstance(m, dict) and m.get("command")]
    happened = [pieces(s, day) for s in rest if not s.startswith(_TO_DO)]
    to_do = [pieces(upper(s.removeprefix(_TO_DO)), day, commands) for s in rest if s.startswith(_TO_DO)]
    return Told(pieces(known, None), happened, to_do)


def pieces(sentence: str, day: str | None, commands: Iterable[str] = ()) -> list[Piece]:
    """A sentence cut at its times, and at those commands. A time without a date is of the date before it in 'DATE TIME to TIME', else of
    ``day``, if there is one; else it stays as it is, as does what only looks like a time."""
    some = sorted({c for c in commands if c}, key=len, reverse=True)
    if some:
        cut = re.split(f"({'|'.join(map(re.escape, some))})", sentence)
        return [p for n, part in enumerate(cut) for p in ([Piece(part, None, True)] if n % 2 else pieces(part, day))]
    found: list[Piece] = []
    at, dated = 0, ""
    for match in _MOMENT.finditer(sentence):
        ranged = dated and sentence[at : match.start()] in (" to ", " – ")
        date = match[1] or (dated if ranged else day)
        moment = f"{date}T{match[2]}{match[3] or ''}Z"
        if date is None or not _is_moment(moment):
            continue
        found += [Piece(sentence[at : match.start()]), Piece(match[0], moment)]
        at, dated = match.end(), match[1] or ""
    return [p for p in (*found, Piece(sentence[at:])) if p.text]


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _readable(analysis: Analysis) -> str:
    """One sentence: what could be read, and what could not."""
    evidence = analysis.evidence()
    text = f"{evidence['records']:,} records of {evidence['sources']} sources were read"
    troubles = []
    if evidence["rejected"]:
        troubles.append(f"{evidence['rejected']:,} records could not be understood and are kept as rejects")
    statuses = analysis.sources.group_by("status").len().sort("status")
    words = {
        SourceStatus.FAILED: "broken or unreadable",
        SourceStatus.UNRECOGNISED: "of no known format",
        SourceStatus.EMPTY: "empty",
        SourceStatus.DUPLICATE: "copies of others",
    }
    counts: dict[str, int] = dict(statuses.iter_rows())
    others = [f"{counts[status]} {what}" for status, what in words.items() if counts.get(status)]
    if others:
        troubles.append(f"other sources: {', '.join(others)} (listed below)")
    return text + (f"; {'; '.join(troubles)}." if troubles else "; nothing was left out.")


def _finding(finding: Finding) -> dict[str, Any]:
    start, end = finding.start.time, finding.end.time
    day = f"{start:%Y-%m-%d}" if start and end and start.date() == end.date() else None  # else its sentence does not say which
    proofs = [p for p in (telling(finding.start), telling(finding.end)) if p is not None]
    return {
        "id": finding.id,
        "kind": plain(finding.kind),
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "expected": finding.expected,
        "when": pieces(_when(start, end), None),
        "summary": pieces(told(finding.summary), day),
        "proofs": list(dict.fromkeys(told(p.place, 300) for p in proofs)),
    }


def _when(start: datetime | None, end: datetime | None) -> str:
    """From when to when, to the second, in UTC."""
    begin = f"{start:%Y-%m-%d %H:%M:%S}Z" if start else "before the evidence"
    if end is None:
        return f"{begin} – open"
    same = start is not None and start.date() == end.date()
    return f"{begin} – {end.strftime('%H:%M:%S' if same else '%Y-%m-%d %H:%M:%S')}Z"


def _sources(analysis: Analysis) -> Iterator[dict[str, Any]]:
    known = (
        analysis.store.table("attributions").select("source_id", pl.col("node").alias("of_node"), "how").unique("source_id", keep="first")
    )
    for row in analysis.sources.join(known, on="source_id", how="left", maintain_order="left").iter_rows(named=True):
        node = row["of_node"] or row["node"]
        yield {
            "source": told(row["source"], 500),
            "format": plain(row["format"] or "–"),
            "node": name(node or "–") + (f" (by {plain(row['how'])})" if row["how"] else ""),
            "records": (row["records"] or 0) + (row["objects"] or 0),
            "rejected": row["rejected"] or 0,
            "status": row["status"],
            "detail": told(row["detail"] or "", 500),
            "sha256": plain(row["sha256"] or ""),
            "start": _moment(row["start"]),
            "end": _moment(row["end"]),
        }


def _moment(moment: datetime | None) -> str:
    return clock(moment) if moment else "–"
