"""Facts in a control plane's log: a template in all its renderings is one rule.

Free text (glog, klog, and the same inside klog's JSON) tells by named groups of its pattern, structured lines by their keys. Both
become the same columns: ``node``; ``pod`` with or without ``ns``; ``value`` (whole number); ``controller``; all else is an attribute.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from analyzer.grammars.base import Fields, Rule, fields, integer, pattern, pod_columns
from analyzer.grammars.klog import Klog
from analyzer.grammars.kubelet import KlogRule
from analyzer.vocabulary import EventKind

_COLUMNS: Final = {"node", "pod", "ns", "value", "controller"}
_KEYS: Final = ("node", "pod")


def fact(kind: EventKind, literal: str, *patterns: str, keys: Sequence[str] = (), file: str = "", **fixed: str) -> KlogRule:
    """A rule for one fact. ``patterns`` are of whole messages, a full stop at their end apart.

    ``keys``: of a structured line, besides node and pod; ``key:column`` renames. ``file``: a pattern of the source files that say
    this, for words that others may use too. ``fixed``: attributes.
    """
    whole = [rf"(?:{said})\.?\s*" for said in patterns]
    wanted = [(key, column or key) for key, _, column in (k.partition(":") for k in (*_KEYS, *keys))]

    def build(line: Klog) -> Iterable[Fields]:
        match = next((m for m in (pattern(said).fullmatch(line.message) for said in whole) if m), None)
        if match is None or not pattern(file).match(line.file or ""):
            return
        told = {column: line.text(key) for key, column in wanted if key in line.values}
        told.update({k: v for k, v in match.groupdict().items() if v is not None}, **fixed)
        yield columns(kind, told)

    return Rule(literal, build)


def columns(kind: EventKind, told: dict[str, str | None]) -> Fields:
    """What was told of one fact, as columns of EVENTS and attributes. The writer's own host is no node that it speaks of."""
    row = fields(kind, node=None, **pod_columns(told.get("pod")))
    if told.get("ns"):
        row["k8s_namespace_name"] = told["ns"]
    if told.get("value") is not None:
        row["value"] = integer(told["value"])
    row |= {column: told[column] for column in ("node", "controller") if told.get(column)}
    attributes = {k: v for k, v in told.items() if k not in _COLUMNS and v}
    return row | ({"attributes": attributes} if attributes else {})


NODE: Final = r"(?P<node>[^\s,]+?)"
POD: Final = r"(?:(?P<ns>[^\s/:,]+)[/:])?(?P<pod>[^\s/:,]+?)"
"""Groups of a fact's pattern: bare, or ``namespace/name`` (from 1.5 to 1.7 also ``namespace:name``)."""
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?: ?([+-]\d\d:?\d\d|Z))?")
GO_TIME: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4}(?: [^\s,}]+)?(?: m=[+-][\d.]+)?"
"""Go's time.String()."""
_GO_DURATION = re.compile(r"(?<![\d.])([\d.]+)(h|ms|m|s|µs|us|ns)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}


def moment(text: str | None) -> datetime | None:
    """A time as Go prints it (``2017-09-19 16:04:46 +0800 CST``, RFC 3339) in UTC; None without a zone or if it is none."""
    match = _GO_TIME.match(text or "")
    if match is None or match[4] is None:
        return None
    try:
        written = f"{match[1]}T{match[2]}{(match[3] or '')[:7]}{match[4]}"
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamp(text: str | None) -> str | None:
    """A time as Go prints it, as attributes have it: RFC 3339 in UTC; as it stands if it tells no zone."""
    found = moment(text)
    return found.isoformat().replace("+00:00", "Z") if found else text or None


def go_seconds(text: str | None) -> float | None:
    """A duration as Go prints it (``1m14.1s``), in seconds."""
    try:
        parts = [timedelta(seconds=float(n) * _UNITS[unit]) for n, unit in _GO_DURATION.findall(text or "")]
        return sum(parts, timedelta()).total_seconds() if parts else None
    except (ValueError, OverflowError):
        return None


def whole_seconds(text: str | None) -> str | None:
    """The same in whole seconds, as text."""
    found = go_seconds(text)
    return None if found is None else str(int(found))
