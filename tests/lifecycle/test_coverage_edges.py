"""What a source covers, and what its own lines say is lost: whose, from when to when, at which verbosity."""

from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest

from analyzer.lifecycle.clocks import Clock, Clocks
from analyzer.lifecycle.coverage import Coverage, Silence, coverage, family
from analyzer.lifecycle.coverage_hole import Hole, Where, told
from analyzer.lifecycle.coverage_losses import missing_boots, suppressed
from analyzer.lifecycle.coverage_verbosity import verbosities
from analyzer.lifecycle.event import Event
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.pieces import event, in_order, seconds, wrote


def hole(start: float, end: float, of: str | None = None) -> Hole:
    return Hole(at(start), at(end), "cut out", "silence", of=of)


# --- families, holes, and what silence proves


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("journal-text", "journal"),
        ("journal-boots", "boots"),
        ("container-snapshot", "snapshots"),
        ("container-table", "snapshots"),
        ("docker-text", "runtime"),
        ("containerd-events", "runtime"),
        ("unheard-of", "unheard-of"),
    ],
)
def test_the_family_of_a_kind_of_source(kind: str, name: str) -> None:
    assert family(kind) == name


def test_holes_overlap_where_they_share_a_moment() -> None:
    assert [hole(10, 20).overlaps(at(a), at(b)) for a, b in ((5, 10), (5, 10.1), (19.9, 30), (20, 30), (12, 13))] == [
        False,
        True,
        True,
        False,
        True,
    ]
    assert hole(10, 20).gap == (at(10), at(20), "cut out")


def test_a_stretch_is_told_with_its_day() -> None:
    assert told(at(0), at(5)) == "from 2026-03-01 10:00:00 to 10:00:05 UTC"
    assert told(at(0), at(86_400)) == "from 2026-03-01 10:00:00 to 2026-03-02 10:00:00 UTC"


def silence(*entries: Coverage) -> Silence:
    return Silence(entries)


def covered(node: str | None, kind: str, *spans: tuple[float, float], holes: Iterable[Hole] = (), kubelet: bool = False) -> Coverage:
    mine = tuple((at(a), at(b)) for a, b in spans)
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    return Coverage(node, kind, at(low), at(high), tuple(holes), None, mine, mine if kubelet else ())


def proves(of: Silence, name: str, low: float, high: float, node: str | None = A, *, trailing: bool = False) -> bool:
    return of.proves(node, name, at(low), at(high), trailing=trailing)


def test_silence_proves_something_within_one_span_to_its_ends() -> None:
    of = silence(covered(A, "journal-text", (10, 20), (30, 40), (50, 60)))
    assert [proves(of, "journal", a, b) for a, b in ((10, 20), (9.9, 20), (10, 20.1), (30, 40), (20, 30), (35, 55), (50, 60))] == [
        *(True, False, False, True, False, False, True)
    ]
    assert not proves(of, "klog", 10, 20)
    assert not proves(of, "journal", 10, 20, B)


def test_what_follows_the_last_record_of_a_stream_counts_up_to_the_end_of_what_is_known_of_the_node() -> None:
    of = silence(covered(A, "docker-text", (10, 20), (30, 40)), covered(A, "journal-text", (0, 90)), covered(B, "journal-text", (0, 500)))
    assert [proves(of, "runtime", a, b, trailing=True) for a, b in ((35, 90), (35, 90.1), (15, 25), (41, 90))] == [True, False, False, True]
    assert not proves(of, "runtime", 35, 41)
    assert proves(silence(covered(A, "journal-text", (0, 90)), covered(A, "docker-text", (30, 40))), "runtime", 35, 90, trailing=True)


def test_no_hole_may_touch_it_but_of_the_kernel_s_lines() -> None:
    of = silence(covered(A, "journal-text", (0, 100), holes=[hole(50, 60), hole(20, 30)], kubelet=True))
    assert [proves(of, "journal", a, b) for a, b in ((0, 20), (0, 20.1), (30, 50), (25, 26), (60, 100), (10, 90))] == [
        *(True, False, True, False, True, False)
    ]
    assert proves(silence(covered(A, "journal-text", (0, 100), holes=[hole(50, 60, "kernel")])), "journal", 0, 100)
    one = silence(covered(A, "journal-text", (0, 100), holes=[hole(50, 60, "sshd")], kubelet=True))
    assert (proves(one, "journal", 0, 100), proves(one, "kubelet", 0, 100)) == (False, True)
    one = silence(covered(A, "journal-text", (0, 100), holes=[hole(50, 60, "kubelet")], kubelet=True))
    assert not proves(one, "kubelet", 0, 100)
    one = silence(covered(A, "journal-text", (0, 100), holes=[hole(50, 60)], kubelet=True))
    assert not proves(one, "kubelet", 0, 100)
    assert not proves(silence(covered(A, "journal-text", (0, 100))), "kubelet", 0, 100), "no lines of a kubelet"


@pytest.mark.parametrize(("kind", "api"), [("kubernetes-json", True), ("audit", False)])
def test_objects_and_events_are_the_api_s_word(kind: str, api: bool) -> None:
    of = silence(Coverage(None, kind, at(0), at(100)))
    assert proves(of, "api", 0, 100, None) == api
    assert proves(of, family(kind), 0, 100, None)


# --- what was dropped


def dropped(second: float, line: int = 5, name: str = "log", node: str | None = A, **more: Any) -> dict[str, Any]:
    attributes = {k: v for k, v in (("since", more.pop("since", None)), ("unit", more.pop("unit", None))) if v}
    document = "{" + ",".join(f'"{k}":"{v}"' for k, v in attributes.items()) + "}" if attributes else None
    said = {
        "source_id": name,
        "line": line,
        "time": at(second),
        "kind": str(E.LOG_SUPPRESSED),
        "node": node,
        "message": f"dropped {second:g}",
    }
    return {**said, "text": f"line {line}", "attributes": document} | more


def losses(*events: dict[str, Any], clocks: Clocks | None = None) -> list[tuple[Where, Hole]]:
    sources = [pieces.source(name) for name in sorted({e["source_id"] for e in events})]
    return list(suppressed(pieces.memory(events=events, sources=sources), clocks or Clocks()))


def test_what_was_suppressed_is_missing_since_the_line_before() -> None:
    ((where, gap),) = losses(dropped(130, since=at(100).isoformat(), unit="kubelet.service", value=12))
    assert where == Where(A, "journal-text")
    assert (seconds(gap.start), seconds(gap.end), gap.of) == (100, 130, "kubelet")
    assert (gap.why, gap.cause) == ("12 messages of kubelet.service were suppressed", "suppressed")
    assert [(p.line, p.text, p.proves) for p in gap.proofs] == [(5, "line 5", "it says that messages were dropped")]
    ((_, gap),) = losses(dropped(130))
    assert (seconds(gap.start), seconds(gap.end), gap.of, gap.why) == (130, 130, None, "messages were suppressed")
    ((_, gap),) = losses(dropped(130, message="Missed 12 kernel messages", value=0))
    assert (gap.of, gap.why) == ("kernel", "0 messages of kernel were suppressed")
    assert losses(dropped(130, kind="pod_added")) == []
    assert losses(dropped(130) | {"time": None}) == []


def test_the_same_loss_of_two_renderings_is_one_each_in_its_order() -> None:
    found = losses(dropped(150, name="b"), dropped(130, name="b"), dropped(130, name="a"), dropped(130, node=B, name="c"))
    assert [(w.node, seconds(h.end), h.proofs[0].source) for w, h in found] == [(A, 130, "a"), (A, 150, "b"), (B, 130, "c")]


def test_a_loss_is_told_by_the_node_s_corrected_clock() -> None:
    late = Clock(A, *[at(60) - at(0)] * 3, votes=3)
    ((_, gap),) = losses(dropped(130, since=at(100).isoformat()), clocks=Clocks((late,)))
    assert (seconds(gap.start), seconds(gap.end)) == (40, 70)


BOOTS = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def boot(low: float, high: float, number: int = 0, node: str | None = A) -> dict[str, Any]:
    says = f"boot {BOOTS[number]}: first {at(low).isoformat()} last {at(high).isoformat()}"
    return wrote(low, low, "boots", node, format="journal-boots", first_text=says, first_line=number + 1, identifier=None, pid=None)


def missing(*rows: dict[str, Any], low: float = 0, high: float = 1000) -> list[tuple[Where, Hole]]:
    return list(missing_boots(pieces.lines(*rows), at(low), at(high)))


def test_a_boot_of_which_no_line_is_here() -> None:
    ((where, gap),) = missing(boot(100, 200), wrote(300, 900, boot_id=BOOTS[1]))
    assert (where, seconds(gap.start), seconds(gap.end), gap.cause) == (Where(A, "journal-text"), 100, 200, "boot-missing")
    assert gap.why == "journalctl --list-boots knows of a boot (01234567…), and none of its lines is here"
    assert gap.settled_by == f"journalctl -b {BOOTS[0]} of node-a, from 2026-03-01 10:01:40 to 10:03:20 UTC"
    assert [(p.source, p.line, p.proves) for p in gap.proofs] == [("boots", 1, "there was such a boot")]
    assert missing(boot(100, 200), wrote(300, 900, boot_id=BOOTS[0])) == [], "there it is"
    two = missing(boot(100, 200), wrote(300, 900), wrote(300, 900, "x", format="journal-json"))
    assert [w.source_kind for w, _ in two] == ["journal-json", "journal-text"]
    assert len(missing(boot(250, 299, 1), boot(100, 200), wrote(300, 900))) == 2
    assert missing(boot(100, 200) | {"first_text": "no such line"}, wrote(300, 900)) == []
    assert missing(boot(100, 200)) == [] == missing(boot(100, 200), wrote(300, 900, family="klog"))


@pytest.mark.parametrize(
    ("first", "last", "here"), [(200, 900, True), (200.1, 900, False), (10, 100, True), (10, 99.9, False), (120, 130, True)]
)
def test_lines_of_its_time_may_be_its_own(first: float, last: float, here: bool) -> None:
    assert (missing(boot(100, 200), wrote(first, last)) == []) == here


@pytest.mark.parametrize(("low", "high", "within"), [(200, 1000, True), (200.1, 1000, False), (0, 100, True), (0, 99.9, False)])
def test_a_boot_outside_of_the_evidence_is_not_missed(low: float, high: float, within: bool) -> None:
    assert (len(missing(boot(100, 200), wrote(300, 900), low=low, high=high)) == 1) == within


def test_whose_boots_a_list_without_a_node_tells() -> None:
    assert [w.node for w, _ in missing(boot(100, 200, node=None), wrote(300, 900))] == [A]
    assert missing(boot(100, 200, node=None), wrote(300, 900), wrote(300, 900, node=B)) == [], "of either"
    assert missing(boot(100, 200, node=B), wrote(300, 900)) == []
    assert [w.node for w, _ in missing(boot(100, 200), wrote(300, 900), wrote(300, 900, node=B))] == [A]


# --- verbosity


def flag(value: str, name: str = "v", pid: int = 1000) -> Event:
    return event(1, E.KUBELET_FLAG, node=A, pid=pid, attributes={"flag": name, "is": value})


READY = event(2, E.KUBELET_READY, node=A, pid=1000)


def level(*events: Event, **row: Any) -> tuple[str, str] | None:
    found = verbosities(pieces.lines(wrote(0, 100, **row)), in_order(*events))
    return next(((v.level, v.why) for v in found.values()), None)


@pytest.mark.parametrize(
    ("value", "name"), [("0", "0-1"), ("1", "0-1"), ("2", "2"), ("4", "4"), ("5", "5+"), ("10", "5+"), ('\\"3\\"', None)]
)
def test_a_kubelet_s_flag_tells_its_verbosity(value: str, name: str | None) -> None:
    assert level(flag(value)) == ((name, f"its flags say --v={value}") if name else None)


def test_who_says_at_which_verbosity_it_writes() -> None:
    assert level(flag('"3"')) == ("3", "its flags say --v=3")
    assert level(flag("3", "vmodule")) is None
    assert level(flag("3", pid=7)) is None, "another process's"
    assert level(flag("high")) is None
    assert level(flag("3"), identifier="sshd") is None
    assert level(flag("3"), verbosity=4, verbosity_text="SyncLoop (housekeeping)") == ("3", "its flags say --v=3")
    shown = level(verbosity=4, verbosity_text="12:00 SyncLoop (housekeeping)")
    assert shown == ("4", "it wrote 'SyncLoop (housekeeping)', which it only does from --v=4 on")
    assert level(verbosity=4) == ("4", "it wrote 'such lines', which it only does from --v=4 on")


@pytest.mark.parametrize(("records", "known"), [(29, None), (30, "0-1"), (100, "0-1")])
def test_a_kubelet_that_would_have_shown_more(records: int, known: str | None) -> None:
    found = level(READY, records=records)
    assert (found and found[0]) == known
    assert level(records=records) is None, "nothing tells of its start"


def test_of_several_kubelets_of_a_source_the_lowest() -> None:
    rows = [wrote(0, 10, pid=7, verbosity=4), wrote(0, 10, pid=8, verbosity=2), wrote(0, 10, pid=9, verbosity=3), wrote(0, 10, pid=10)]
    found = verbosities(pieces.lines(*rows, wrote(0, 10, "other", node=B, verbosity=5)), in_order())
    assert {where: v.level for where, v in found.items()} == {Where(A, "journal-text"): "2", Where(B, "journal-text"): "5+"}


def test_of_a_writer_without_a_name_what_was_understood_tells() -> None:
    spoke = event(5, E.POD_ADDED, node=A, source="log")
    assert level(spoke, identifier=None, verbosity=3) is not None
    assert level(identifier=None, verbosity=3) is None
    assert level(spoke, identifier="etcd", verbosity=3) is None
    assert level(event(5, E.POD_ADDED, "docker", node=A, source="log"), identifier=None, verbosity=3) is None


# --- all together


def test_coverage_is_from_the_first_to_the_last_line_of_each_node_and_format() -> None:
    rows = [
        wrote(10, 50, "one"),
        wrote(60, 90, "two", identifier="sshd", pid=7),
        wrote(20, 30, "json", B),
        wrote(15, 15, "moment", B, identifier="sshd"),
    ]
    activity = [{k: v for k, v in r.items() if k in pl.DataFrame(schema=pieces.ACTIVITY).columns} for r in rows]
    sources = [
        pieces.source("one"),
        pieces.source("two"),
        pieces.source("json", "journal-json"),
        pieces.source("moment", "journal-json"),
        pieces.source("dump", "kubernetes-json", start=at(5), end=at(70)),
        pieces.source("undated", "kubernetes-json"),
        pieces.source("bad", "kubernetes-json", "failed", start=at(0), end=at(500)),
    ]
    found = coverage(pieces.memory(activity=activity, sources=sources), Clocks(), in_order(), [], {}, at(0), at(500))
    assert [(c.node, c.source_kind, seconds(c.start), seconds(c.end)) for c in found] == [
        (A, "journal-text", 10, 90),
        (B, "journal-json", 15, 30),
        (None, "kubernetes-json", 5, 70),
    ]
    tick = 0.000001
    assert [[(seconds(a), seconds(b)) for a, b in c.spans] for c in found] == [
        [(10, 50 + tick), (60, 90 + tick)],
        [(15, 15 + tick), (20, 30 + tick)],
        [(5, 70 + tick)],
    ]
    assert [[(seconds(a), seconds(b)) for a, b in c.kubelet] for c in found] == [[(10, 50 + tick)], [(20, 30 + tick)], []]
    assert found[0].document() == {
        "node": A,
        "source_kind": "journal-text",
        "start": "2026-03-01T10:00:10.000000Z",
        "end": "2026-03-01T10:01:30.000000Z",
        "gaps": [],
        "verbosity": None,
    }


def test_holes_of_a_stream_are_those_of_all_its_sources_in_order() -> None:
    """The node's evidence begins at 5, the stream at 100; the outage between leaves what ran untold; two losses follow."""
    written = [
        wrote(10, 500, "one"),
        wrote(5, 90, "two"),
        wrote(200, 500, "late", identifier=None),
        wrote(100, 150, "early", identifier=None),
    ]
    written.append(wrote(120, 120, "moment", identifier=None))
    sources = [*(pieces.source(n) for n in ("one", "two")), *(pieces.source(n, "docker-text") for n in ("late", "early"))]
    sources.append(pieces.source("moment", "container-snapshot"))
    lost = [dropped(s, name="one", since=at(s - 10).isoformat()) for s in (300, 250)]
    away = pieces.outage(pieces.edge(50), pieces.edge(60))

    def found(records: int) -> list[tuple[str, list[tuple[float | None, float | None, str]]]]:
        rows = [r | {"records": records} for r in written]
        store = pieces.memory(activity=rows, sources=sources, events=lost)
        some = coverage(store, Clocks(), in_order(), [], {A: [away]}, at(0), at(500))
        assert some[0].source_kind == "container-snapshot"
        assert some[0].holes == (), "it tells of a moment"
        return [(c.source_kind, [(seconds(h.start), seconds(h.end), h.cause) for h in c.holes]) for c in some[1:]]

    losses = [(240, 250, "suppressed"), (290, 300, "suppressed")]
    assert found(10) == [("docker-text", [(5, 100, "begins-late")]), ("journal-text", losses)]
    assert found(64) == [("docker-text", [(5, 100, "replay-limit"), (5, 200, "replay-limit")]), ("journal-text", losses)]


def test_a_daemon_that_was_down_and_a_boot_without_lines_are_holes_of_their_sources() -> None:
    stop = event(300, E.RUNTIME_STOPPED, "runtime-unit", node=A, message="Stopped docker.service")
    rows = [wrote(10, 500, "one"), wrote(20, 400, "docker", identifier=None), boot(-500, -400) | {"node": A}]
    activity = [{k: v for k, v in r.items() if k != "format"} for r in rows]
    sources = [pieces.source("one"), pieces.source("docker", "docker-text"), pieces.source("boots", "journal-boots")]
    store = pieces.memory(activity=activity, sources=sources)
    found = coverage(store, Clocks(), in_order(stop), [], {}, at(-600), at(450))
    assert [(c.source_kind, [(seconds(s), seconds(e)) for s, e, _ in c.gaps]) for c in found] == [
        ("docker-text", [(300, 450)]),
        ("journal-boots", []),
        ("journal-text", [(-500, -400)]),
    ]
