"""Outages of one kubelet, to the bound: which lines make an edge, and how near they must be."""

from collections.abc import Iterable
from typing import Any

import pytest

from analyzer.lifecycle import event_table
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.kubelets import Outage, foresee, outages
from analyzer.lifecycle.signs import Spell
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, at
from tests.lifecycle.pieces import bounds, edge, event, in_order

MINUTE = 60_000_000


def spell(
    start: float, end: float, pid: int | None = 1000, boot: str | None = None, writer: str = "kubelet", pace: float | None = None
) -> Spell:
    """One writer's lines, from its first to its last."""
    first, last = pieces.proof(start, "journal", int(start), "first"), pieces.proof(end, "journal", int(end), "last")
    return Spell(A, writer, pid, boot, 10, first, last, at(pace) - at(0) if pace is not None else None)


def systemd(second: float, kind: E, resolution: int = 1, **attributes: str) -> Event:
    return event(second, kind, "systemd", node=A, resolution=resolution, attributes=attributes)


def ready(second: float, pid: int | None = 2000, boot: str | None = None) -> Event:
    """'Started kubelet'."""
    return event(second, E.KUBELET_READY, node=A, pid=pid, boot_id=boot)


def api(second: float, kind: E = E.NODE_KUBELET_STARTING, resolution: int = 1_000_000) -> Event:
    """The kubelet's own report to the API."""
    return event(second, kind, "api", node=A, resolution=resolution, attributes={"reporter": "kubelet"})


def lost(second: float) -> Event:
    """The node controller's verdict."""
    return event(second, E.NODE_NOT_READY, "api", node=A, attributes={"reporter": "node-controller"})


def found(events: Iterable[Event], *spells: Spell, verdicts: Iterable[Event] = ()) -> list[Outage]:
    return outages(A, in_order(*events), list(spells), list(verdicts))


def told(outage: Outage) -> dict[str, Any]:
    return {
        "start": bounds(outage.start),
        "end": bounds(outage.end),
        "cause": outage.cause + (", boot lost" if outage.boot_lost else ""),
        "evidence": [f"{pieces.seconds(p.time):g} {p.proves}" for p in outage.evidence],
    }


def one(events: Iterable[Event], *spells: Spell, verdicts: Iterable[Event] = ()) -> dict[str, Any]:
    (outage,) = found(events, *spells, verdicts=verdicts)
    return told(outage)


def test_an_outage_covers_its_start_and_not_its_end() -> None:
    away = pieces.outage(edge(50), edge(60))
    assert [away.covers(at(s)) for s in (49.9, 50, 59.9, 60)] == [False, True, True, False]
    assert pieces.outage(edge(50)).covers(at(1000))
    assert not pieces.outage(edge(None), edge(60)).covers(at(55))


# --- what systemd says of the end

STOP = (systemd(50, E.KUBELET_STOPPING), systemd(50.04, E.KUBELET_DEACTIVATED), systemd(50.05, E.KUBELET_STOPPED))


def test_a_stop_and_a_start_by_systemd() -> None:
    assert one([*STOP, systemd(60, E.KUBELET_STARTED)], spell(1, 49), spell(60.2, 90, 2000)) == {
        "start": (50, 50.04, 50.04),
        "end": (60, 60, 60),
        "cause": "stopped",
        "evidence": [
            "50 a stop of the unit was asked for",
            "50.04 the kubelet process ended",
            "50.05 systemd's closing line",
            "60 the kubelet process started",
        ],
    }


def test_between_the_last_line_and_systemd_s_the_process_lived() -> None:
    """What it wrote after it was asked to stop proves more than the asking."""
    assert one([*STOP], spell(1, 50.02))["start"] == (50.02, 50.04, 50.04)
    assert one([*STOP[1:]], spell(1, 49))["start"] == (49, 50.04, 50.04)
    assert one([STOP[1]])["start"] == (None, 50.04, 50.04)
    assert one([*STOP])["end"] == (50.04, None, None)


@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        ({"code": "killed", "signal": "KILL"}, "killed"),
        ({"code": "killed", "signal": "SEGV"}, "crashed"),
        ({"code": "dumped", "signal": "KILL"}, "crashed"),
        ({"code": "exited"}, "crashed"),
    ],
)
def test_an_exit_is_a_kill_only_by_sigkill(attributes: dict[str, str], cause: str) -> None:
    assert one([systemd(50, E.KUBELET_EXITED, **attributes)])["cause"] == cause


def test_each_closing_line_has_its_rule() -> None:
    says = {kind: found([systemd(50, kind)])[0].start.rule for kind in (E.KUBELET_EXITED, E.KUBELET_DEACTIVATED, E.KUBELET_STOPPED)}
    assert "main process exited" in says[E.KUBELET_EXITED]
    assert "deactivated" in says[E.KUBELET_DEACTIVATED]
    assert "the unit stopped" in says[E.KUBELET_STOPPED]


def test_a_stop_that_was_asked_for_long_ago_is_of_the_process_before() -> None:
    second = [systemd(80, E.KUBELET_EXITED, code="exited"), systemd(90, E.KUBELET_STARTED)]
    _, later = found([*STOP, systemd(60, E.KUBELET_STARTED), *second], spell(1, 49), spell(60.2, 79, 2000), spell(90.2, 100, 3000))
    assert told(later)["evidence"] == ["80 the kubelet process ended", "90 the kubelet process started"]
    assert told(later)["start"] == (79, 80, 80)


def test_a_line_between_neighbours_only_ends_within_them() -> None:
    """journalctl -o cat has no times: the end is after the neighbour before, by half of the usual silence at the earliest guess."""
    coarse = systemd(50, E.KUBELET_DEACTIVATED, MINUTE)
    assert one([coarse], spell(1, 49, pace=8))["start"] == (49, 54, 110)
    assert one([coarse], spell(1, 49, pace=200))["start"] == (49, 65, 110), "of a slow writer half a minute at most counts"
    assert one([coarse], spell(1, 20, pace=8))["start"] == (20, 54, 110)
    assert one([coarse], spell(1, 19.9, pace=8))["start"] == (19.9, 50, 110), "a pace of long ago says nothing"
    assert one([coarse], spell(1, 49, pace=8), spell(1, 49, pace=4), spell(70, 90, pace=9))["start"] == (49, 54, 110)
    assert one([coarse])["start"] == (None, 50, 110)
    assert one([systemd(50, E.KUBELET_DEACTIVATED, 1_000_000)], spell(1, 49, pace=8))["start"] == (49, 50, 50)


def test_a_start_between_neighbours_only_is_close_to_the_later_one() -> None:
    document = one([*STOP, systemd(60, E.KUBELET_STARTED, 10_000_000)])
    assert document["end"] == (60, 70, 70)
    assert one([*STOP, systemd(60, E.KUBELET_STARTED, 1_000_000)])["end"] == (60, 60, 60)


# --- where the process begins


@pytest.mark.parametrize(
    ("first", "last", "begins"),
    [(75, 200, 75), (10, 200, 10), (9.9, 200, 100), (98.9, 200, 98.9), (99, 200, 100), (75, 100.1, 75), (75, 100, 100), (75, 99.5, 100)],
)
def test_a_unit_of_type_notify_began_with_its_first_line(first: float, last: float, begins: float) -> None:
    """Within systemd's start timeout before 'Started', and by a process that writes afterwards, too."""
    stop = systemd(9.95, E.KUBELET_DEACTIVATED)
    assert one([stop, systemd(100, E.KUBELET_STARTED)], spell(first, last))["end"][1] == begins


def test_of_several_processes_the_first_that_goes_on_began_with_the_unit() -> None:
    stop, start = systemd(50, E.KUBELET_DEACTIVATED), systemd(100, E.KUBELET_STARTED)
    assert one([stop, start], spell(80, 90, 2000), spell(85, 150, 3000))["end"] == (85, 85, 85)
    assert one([stop, start], spell(80, 150, None))["end"] == (100, 100, 100), "without a PID it may be several processes"


@pytest.mark.parametrize(
    ("first", "begins"), [(99.9, 99.9), (70.1, 70.1), (70, 70), (60.1, 60.1), (100.5, 100)], ids=["near", "just", "far", "farther", "later"]
)
def test_without_a_word_of_systemd_the_first_line_is_the_edge(first: float, begins: float) -> None:
    document = one([STOP[1], ready(100)], spell(1, 49), spell(first, 150, 2000))
    assert document["end"] == (50.04, begins, begins)
    assert document["evidence"][-1] == f"{begins:g} the kubelet process started"


@pytest.mark.parametrize(("started", "count"), [(69.9, 2), (70, 1), (100, 1)])
def test_started_kubelet_is_explained_by_systemd_within_half_a_minute(started: float, count: int) -> None:
    """The second start is an outage of its own only if no line of systemd belongs to it."""
    events = [STOP[1], systemd(started, E.KUBELET_STARTED), ready(100)]
    assert len(found(events, spell(1, 49), spell(started + 0.1, started + 0.2, 1500), spell(100, 150, 2000))) == count


def test_who_takes_long_until_it_is_ready_started_once() -> None:
    """It waits for its runtime: 'Started kubelet' comes long after its first line, which comes after systemd's 'Started'."""
    spells = spell(1, 49), spell(60.1, 200, 2000)
    assert one([*STOP, systemd(60, E.KUBELET_STARTED), ready(150)], *spells)["end"] == (60, 60, 60)
    assert one([*STOP, systemd(150.1, E.KUBELET_STARTED), ready(150)], *spells)["end"] == (60.1, 60.1, 60.1), "of Type=notify"


def test_a_process_starts_once() -> None:
    events = [STOP[1], ready(100), ready(150), ready(200, None)]
    assert len(found(events, spell(1, 49), spell(99, 250, 2000))) == 1
    assert len(found([*events, ready(150, 2000, "b")], spell(1, 49), spell(99, 110, 2000, "a"), spell(149, 250, 2000, "b"))) == 2


# --- processes of which no start is told


@pytest.mark.parametrize(
    ("started", "count"), [((), 1), ((48.9,), 1), ((49,), 0), ((61,), 0), ((61.1,), 1)], ids=["untold", "before", "from", "to", "after"]
)
def test_another_process_s_first_line_tells_of_a_start(started: tuple[float, ...], count: int) -> None:
    """Unless a start is told between the last line of one and the first of the other, to a second."""
    marks = [event(s, E.KUBELET_STARTED, "systemd", node=A) for s in started]
    starts = [pieces.seconds(o.end.time) for o in found(marks, spell(-100, 50), spell(60, 90, 2000))]
    assert (60 in starts) == bool(count)


def test_of_an_untold_start_the_bounds_are_the_lines_on_either_side() -> None:
    assert one([], spell(1, 50, pace=6), spell(60, 90, 2000)) == {
        "start": (50, 53, 60),
        "end": (60, 60, 60),
        "cause": "unknown",
        "evidence": ["50 the last line before the process was gone", "60 the kubelet process started"],
    }
    assert one([], spell(1, 50, pace=25), spell(60, 90, 2000))["start"] == (50, 60, 60), "not after the start"
    assert found([], spell(1, 50), spell(50, 90, 2000)) == [], "both wrote at once"
    assert found([], spell(1, 50), spell(60, 90)) == [], "the same process"
    assert found([], spell(1, 50, None), spell(60, 90, 2000)) == [], "nobody knows whose lines those are"
    assert one([], spell(1, 50), spell(60, 90, 1000, "b"))["start"] == (50, 50, 60), "another boot"
    (first,) = found([], spell(1, 50), spell(60, 90, 2000), spell(55, 70, 2000))
    assert (first.end.time, first.evidence[-1].line) == (at(55), 55), "the first line of several sources"


def test_a_process_that_started_and_left_no_line_was_there_from_its_start() -> None:
    """Two starts, and nothing between: it ended after the first."""
    starts = [systemd(60, E.KUBELET_STARTED), systemd(90, E.KUBELET_STARTED)]
    later = found([STOP[1], *starts], spell(1, 49), spell(90.2, 120, 3000))[-1]
    assert told(later)["start"] == (60, 60, 90)
    assert told(later)["evidence"][0] == "60 the last line before the process was gone"
    later = found([STOP[1], *starts], spell(1, 49), spell(60.5, 70, 2000), spell(90.2, 120, 3000))[-1]
    assert told(later)["start"] == (70, 70, 90)
    assert found([starts[0]], spell(60.5, 90)) == [], "nothing tells of a process before the first start"


# --- reboots


def rebooted(second: float) -> Event:
    return event(second, E.NODE_REBOOTED, "api", node=A, attributes={"reporter": "kubelet"})


@pytest.mark.parametrize(("second", "lost_boot"), [(58, True), (57.9, False), (180, True), (180.1, False), (60, True)])
def test_a_reboot_is_reported_soon_after_the_start(second: float, lost_boot: bool) -> None:
    expected = "rebooted, boot lost" if lost_boot else "stopped"
    assert one([*STOP, systemd(60, E.KUBELET_STARTED), rebooted(second)], spell(1, 49), spell(60.2, 200, 2000))["cause"] == expected
    document = one([systemd(60, E.KUBELET_STARTED), rebooted(second)], spell(1, 49), spell(60.2, 200, 2000))
    assert document["cause"] == ("rebooted, boot lost" if lost_boot else "unknown")
    assert (f"{second:g} the node had been rebooted" in document["evidence"]) == lost_boot


def test_a_crash_is_no_reboot_though_the_node_was_rebooted_later() -> None:
    events = [systemd(50, E.KUBELET_EXITED, code="exited"), systemd(60, E.KUBELET_STARTED), rebooted(61)]
    assert one(events, spell(1, 49), spell(60.2, 90, 2000))["cause"] == "crashed"


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("a", "b", "rebooted, boot lost"),
        ("a", "a", "unknown"),
        (None, "b", "unknown"),
        ("a", None, "unknown"),
    ],
)
def test_another_boot_id_is_a_reboot(old: str | None, new: str | None, cause: str) -> None:
    start = systemd(60, E.KUBELET_STARTED)
    assert one([start], spell(1, 50, 1000, old), spell(60, 90, 2000, new))["cause"] == cause
    both = [spell(1, 50, 1000, old), spell(60, 90, 2000, new), spell(1, 90, 1, "a", "systemd"), spell(60, 90, 7, "a", "sshd")]
    assert one([start], *both)["cause"] == "unknown", "something of the old boot goes on"


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [(2000, 1999, "rebooted, boot lost"), (2000, 2001, "unknown"), (2000, 1, "unknown"), (1, 2, "unknown")],
)
def test_a_lower_pid_is_a_reboot(old: int, new: int, cause: str) -> None:
    """But for PID 1: a kubelet in a container of its own."""
    assert one([systemd(60, E.KUBELET_STARTED)], spell(1, 50, old), spell(60, 90, new))["cause"] == cause


def test_pids_are_compared_of_the_last_process_before_and_the_first_after() -> None:
    later = found([systemd(60, E.KUBELET_STARTED)], spell(1, 50, 1000), spell(60, 70, 2000), spell(80, 90, 500))
    assert [told(o)["cause"] for o in later] == ["unknown", "rebooted, boot lost"]


def test_a_lost_boot_lasted_to_the_node_s_last_line() -> None:
    """Of whatever writer of that boot; of lines without a boot, the kubelet's and the runtime's, within half a minute."""
    start = systemd(100, E.KUBELET_STARTED)
    kubelet = spell(1, 50, 1000, "a"), spell(100, 150, 2000, "b")
    assert one([start], *kubelet, spell(1, 58, 7, "a", "sshd"))["start"] == (58, 58, 100)
    assert one([start], *kubelet, spell(1, 58, 7, None, "sshd"))["start"] == (50, 50, 100)
    assert one([start], *kubelet, spell(51, 58, 7, "a", "sshd"))["start"] == (58, 58, 100), "it need not have written before"
    assert one([start], *kubelet, spell(51, 58, 7, "c", "sshd"))["start"] == (50, 50, 100), "another boot's"
    fell = spell(1, 50, 1000), spell(100, 150, 900)
    assert one([start], *fell, spell(1, 58, 7, "a", "sshd"))["start"] == (58, 58, 100), "of the boot that wrote at the kubelet's last word"
    assert one([start], *fell, spell(1, 100, 7, "a", "sshd"))["start"] == (50, 50, 100), "it wrote when the next kubelet began"
    died = [event(s, E.CONTAINER_DIED, "docker", node=A, container_id="c") for s in (60, 80, 80.1)]
    assert one([start, *died[:1]], *kubelet)["start"] == (60, 60, 100)
    assert one([start, died[2]], *kubelet)["start"] == (50, 50, 100)
    assert one([systemd(60, E.KUBELET_STARTED), died[0]], kubelet[0], spell(60, 90, 2000, "b"))["start"] == (50, 50, 60), "at the start"


# --- a node without a journal


def test_without_a_journal_the_report_of_a_start_is_the_edge() -> None:
    report, start, loss = api(20, E.NODE_READY), api(100), lost(60)
    assert one([report, loss, start]) == {
        "start": (20, 60, 60),
        "end": (60, 100, 100),
        "cause": "unknown",
        "evidence": [
            "20 the last report of the kubelet before",
            "60 the API had lost its heartbeat",
            "100 the kubelet process started",
        ],
    }
    assert one([report, start])["start"] == (20, 100, 100), "since when it was away is not known"
    assert one([report, lost(50), loss, start])["evidence"][1] == "60 the API had lost its heartbeat", "the last loss"
    assert one([report, loss, start, rebooted(101)])["cause"] == "rebooted, boot lost"
    assert found([start, loss]) == [], "nothing tells that it was there before"


@pytest.mark.parametrize(("second", "known"), [(97.9, True), (98, False), (100, False)])
def test_a_report_of_the_same_burst_is_none_of_before(second: float, known: bool) -> None:
    assert bool(found([api(second, E.NODE_READY), api(100)])) == known


@pytest.mark.parametrize(
    ("second", "resolution", "missed"),
    [(80, 1_000_000, True), (80, 1_000_001, False), (52.04, 1, True), (52, 1, False)],
)
def test_a_report_that_contradicts_the_journal_tells_of_a_start(second: float, resolution: int, missed: bool) -> None:
    """The journal says that the kubelet is away: lines are lost. Not at the moment of the end, and not by a moment that is rough."""
    outage = found([STOP[1], api(second, resolution=resolution)], spell(1, 49))
    assert [pieces.seconds(o.end.time) for o in outage] == [second if missed else None]
    if missed:
        assert "own report" not in outage[0].start.rule
        assert outage[0].end.rule.startswith("there is no journal of the node")


@pytest.mark.parametrize(("second", "count"), [(57.9, 2), (58, 1), (90, 1), (90.1, 1), (61, 1)])
def test_a_report_of_a_start_that_is_told_is_no_second_one(second: float, count: int) -> None:
    assert len(found([STOP[1], systemd(60, E.KUBELET_STARTED), api(second)], spell(1, 49), spell(60.1, 200, 2000))) == count


@pytest.mark.parametrize(("second", "count"), [(90, 1), (90.1, 2)])
def test_a_report_is_of_the_start_half_a_minute_before(second: float, count: int) -> None:
    """Though the kubelet has ended since."""
    events = [systemd(60, E.KUBELET_STARTED), systemd(62, E.KUBELET_EXITED), api(second), systemd(120, E.KUBELET_STARTED)]
    later = [o for o in found(events, spell(1, 49), spell(60.1, 61, 2000), spell(120.1, 200, 3000)) if pieces.seconds(o.start.time) != 49]
    assert len(later) == count


# --- nodes that never return


def test_a_node_whose_lines_all_end_vanished() -> None:
    verdict = lost(90)
    assert one([verdict], spell(1, 50), verdicts=[lost(70), verdict]) == {
        "start": (50, 50, 90),
        "end": (90, None, None),
        "cause": "unknown, boot lost",
        "evidence": ["50 the last line of this node's kubelet", "90 the API had lost its heartbeat"],
    }
    assert found([verdict], spell(1, 50), spell(1, 90.1, 7, None, "sshd"), verdicts=[verdict]) == [], "somebody writes on"
    assert len(found([verdict], spell(1, 50), spell(1, 90, 7, None, "sshd"), verdicts=[verdict])) == 1
    assert found([verdict, event(95, E.POD_ADDED, node=A)], spell(1, 50), verdicts=[verdict]) == []
    assert found([verdict], verdicts=[verdict]) == [], "no line of a kubelet"
    assert len(found([*STOP], spell(1, 49), verdicts=[verdict])) == 1, "it was stopped: that is told"


def test_a_start_that_only_a_first_line_tells_cites_it() -> None:
    (outage,) = found([], spell(1, 50), spell(60, 90, 2000))
    (cited,) = outage.end.proofs
    assert (cited.source, cited.line, cited.text, cited.time) == ("journal", 60, "first", at(60))
    assert outage.end.rule.startswith("no line of systemd tells of this start")


def test_what_outages_are_told_by_is_read_beforehand_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of systemd's lines and of 'Started kubelet' all, of a kubelet's other lines the last before and up to each."""
    monkeypatch.setattr(event_table, "_SMALL", 0)
    lines = [event(s, E.POD_ADDED, node=A) for s in (10, 20, 20, 25, 30, 45)]
    others = [event(s, E.CONTAINER_DIED, "docker", node=A) for s in (12, 24)]
    told = [systemd(5, E.KUBELET_STOPPED), systemd(25, E.KUBELET_STOPPED), ready(40), api(13, E.POD_CREATED), event(7, E.POD_GONE, "etcd")]
    table = Events.of_frame(in_order(*lines, *others, *told).columns(*event_table._SCHEMA))
    foresee(table.by_node(), table)
    assert sorted(pieces.seconds(e.time) or 0 for e in table._table.made.values()) == [5, 20, 20, 25, 25, 30, 40]
