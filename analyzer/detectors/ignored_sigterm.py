"""ignored-sigterm: a container did not end on its stop signal and was killed at the end of its grace period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from analyzer.detectors.base import Case, Detector, clock, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.event_table import any_of
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.lives import read_kills
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, FindingKind, Severity
from analyzer.vocabulary import EventKind as E

_KILL, _TERM = 9, 15
_KILLED = 137
"""The exit code of a process that signal 9 ended: 128 and the signal."""
_CHANCE = timedelta(seconds=3)
"""Who gets less time than this (a deletion by force: 0 to 2 s) was given no chance to end."""
_SLACK = timedelta(seconds=2)
"""The kubelet gives what a preStop hook has left of the time in whole seconds, and signals a moment after it says so."""
_LATE = timedelta(seconds=15)
"""A busy runtime kills this much later than it should."""
_NOTE = (
    "a container's first process gets no default action for SIGTERM: a program (often a shell as entrypoint, which does not pass"
    " the signal on) that installs no handler never ends on it"
)


@dataclass(frozen=True)
class _Stop:
    """How one run was stopped."""

    asked: Event
    killed: Event | None
    grace: int | None
    grace_from: str | None


def find(case: Case) -> Iterator[Finding]:
    killed = [run for run in case.life.runs if not run.sandbox and run.end.time is not None and _may_be_killed(run)]
    read_kills(killed)
    for run in killed:
        stop = _stop(run, case.life.pod_of(run))
        if stop is not None and _ignored(run, stop):
            yield _finding(case, run, stop)


def _may_be_killed(run: Run) -> bool:
    """Whether it did not end by itself before; where no code tells, whether there was a signal at all."""
    return bool(run.kills) if run.exit_code == _KILLED else run.exit_code is None and any_of(run.kills, E.CONTAINER_SIGNALLED)


def _stop(run: Run, pod: Pod | None) -> _Stop | None:
    """Who asked it to end, as near to the signal as is told: the signal itself, the request to the runtime, the kubelet's word."""
    before = sorted((e for e in run.kills if run.end.time is not None and e.time <= run.end.time), key=lambda e: e.time)
    signals = [e for e in before if e.kind is E.CONTAINER_SIGNALLED]
    asked = next((e for e in signals if e.value not in (None, _KILL)), None)
    asked = asked or next((e for e in signals if e.value is None), None) or next((e for e in before if e.kind is E.CONTAINER_KILLING), None)
    if asked is None:
        return None
    killed = next((e for e in signals if e.value == _KILL and e.time >= asked.time), None)
    kubelet = [e.value for e in before if e.kind is E.CONTAINER_KILLING and e.value is not None]
    runtime = [g for e in signals if isinstance(g := e.attributes.get("grace"), int)]
    for grace, told_by in ((min(runtime, default=None), "runtime"), (min(kubelet, default=None), "kubelet")):
        if grace is not None:
            return _Stop(asked, killed, grace, told_by)
    stated = pod.grace if pod is not None else None
    return _Stop(asked, killed, stated, "pod" if stated is not None else None)


def _ignored(run: Run, stop: _Stop) -> bool:
    """Not on its own end, a want of memory, or a deletion by force: they are not at the end of the time, or with no time given."""
    assert run.end.time is not None
    if run.exit_code is None and stop.killed is None:
        return False
    if run.end_reason not in ("died", "reported", "noticed"):
        return False
    given = timedelta(seconds=stop.grace) if stop.grace is not None else None
    if given is not None and given < _CHANCE:
        return False
    if stop.killed is not None:  # a hook before it may have used up most of the time
        return stop.killed.time - stop.asked.time >= _CHANCE and run.end.time - stop.killed.time <= _LATE
    return given is not None and given - _SLACK <= run.end.time - stop.asked.time <= given + _LATE


def _finding(case: Case, run: Run, stop: _Stop) -> Finding:
    pod = case.life.pod_of(run)
    end = run.end
    took = (end.time or stop.asked.time) - stop.asked.time
    rule = {E.CONTAINER_KILLING: "the kubelet asked the runtime to stop it"}.get(stop.asked.kind, "the runtime sent the stop signal")
    if stop.asked.kind is E.CONTAINER_SIGNALLED and stop.asked.value is None:
        rule = "the runtime was asked to stop it"
    signal = stop.asked.value if stop.asked.kind is E.CONTAINER_SIGNALLED and stop.asked.value is not None else None
    asked = Edge(stop.asked.time, stop.asked.time, stop.asked.time + timedelta(microseconds=stop.asked.resolution - 1), (), rule)
    name = f"{run.container or run.container_id[:12]} of pod {(pod.name if pod else run.pod) or run.pod_uid}"
    called = "SIGTERM" if signal in (_TERM, None) else f"its stop signal ({signal})"
    told = f"Container {name} on {run.node} did not end on {called} at {clock(stop.asked.time)} and was killed {seconds(took)} later"
    told += f" (grace period: {stop.grace} s)." if stop.grace is not None else "."
    proofs = [stop.asked.proof(rule), *([stop.killed.proof("its time was over: it was killed")] if stop.killed else []), *end.proofs]
    proofs += [e.proof("the kubelet stops it") for e in run.kills if e.kind is E.CONTAINER_KILLING][:1]
    sure = stop.killed is not None and run.exit_code == _KILLED and signal is not None
    return Finding(
        kind=FindingKind.IGNORED_SIGTERM,
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        expected=False,
        start=asked,
        end=Edge(end.time, end.earliest, end.latest, end.proofs, "it was killed"),
        summary=told,
        **case.subject(run),
        details={
            "signal": signal,
            "took_s": round(took.total_seconds(), 6),
            "grace_s": stop.grace,
            "grace_from": stop.grace_from,
            "exit_code": run.exit_code,
            "note": _NOTE,
        },
        evidence=unique(proofs),
    )


DETECTOR = Detector(
    FindingKind.IGNORED_SIGTERM,
    "The container was asked to end at start, did not, and was killed at end, when its grace period was over.",
    "the runtime's events with their signals, or the kubelet's 'Killing container' and the exit code",
    "an exit code other than 137, an end before the grace period was over without a signal 9, or a deletion with no time given",
    find,
)
