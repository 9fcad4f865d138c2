"""What counts as understood, and how the rest is listed."""

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import ingest
from analyzer.formats.lines import conform
from analyzer.grammars import klog
from analyzer.recognition import Component, Recognising, Recognition, recognise, top
from analyzer.recognition.known import Template, messages
from analyzer.recognition.shapes import shape
from analyzer.recognition.tally import Tally
from analyzer.store import MemoryStore, open_store
from analyzer.vocabulary import RECORDS

HEADER = "I0822 00:23:09.{0:06d}  584647 kuberuntime_container.go:{1}] "


def records(lines: Iterable[tuple[str | None, str]]) -> pl.DataFrame:
    """Records of (identifier, message), numbered."""
    rows = [{"record": n, "line": n + 1, "identifier": identifier, "message": message} for n, (identifier, message) in enumerate(lines)]
    return conform(pl.DataFrame(rows, schema={k: RECORDS[k] for k in ("record", "line", "identifier", "message")}), RECORDS)


def counted(lines: Iterable[tuple[str | None, str]], events: Iterable[int] = (), written: Iterable[str] = ()) -> Recognition:
    tally = Tally()
    tally.add(records(lines), pl.DataFrame({"record": list(events)}, schema={"record": pl.Int64}))
    return tally.result(set(written))


def kubelet(*bodies: str, line: int = 709) -> list[tuple[str | None, str]]:
    return [("kubelet", HEADER.format(n, line) + body) for n, body in enumerate(bodies)]


def test_an_event_a_known_text_and_the_rest() -> None:
    known = (
        '"SyncLoop (housekeeping)"',
        "Using node IP: 10.0.0.1",
        '"operationExecutor.MountVolume started for volume \\"a\\" (UniqueName: \\"b\\")" pod="c/d"',
    )
    lines = kubelet('"Killing container with a grace period" pod="a/b"', *known, '"Ending container politely" pod="a/b" containerID="c"')
    found = counted(lines, events=[0])
    assert found.components == {"kubelet": Component(lines=5, parsed=5, understood=4, events=1)}
    assert [(s.shape, s.count, s.line, s.record) for s in found.shapes] == [("Ending container politely", 1, 5, 4)]
    assert found.shapes[0].example == lines[4][1]


REWORDED = {
    '"Killing container with a grace period"': '"Terminating container, waiting for its grace period"',
    '"SyncLoop ADD"': '"SyncLoop: pods were added"',
    '"Clean up containers for orphaned pod we had not seen before"': '"Found and removed containers of an unknown pod"',
    "Recovery completed": "Recovery has been completed",
    'Killing container "abc" with 30 second grace period': 'Container "abc" is killed, grace period 30 seconds',
}


@pytest.mark.parametrize(("old", "new"), REWORDED.items())
def test_a_lifecycle_line_in_other_words_surfaces_first(old: str, new: str) -> None:
    """Among lines that are known. The old words without an event are not taken for understood either, where a rule reads them."""
    noise = kubelet(*(f'"SyncLoop (PLEG): ignore irrelevant event" event={n}' for n in range(3)), *("Using node IP: 10.0.0.1",) * 500)
    found = counted([*noise, *kubelet(f'{new} pod="a/b"' if new[0] == '"' else new, line=123)])
    ranked, _ = top(iter([("kubelet.log", found)]), 2)
    assert shape(klog.parse(HEADER.format(0, 1) + new).message) in [s.shape for _, s in ranked]  # type: ignore[union-attr]
    if old != '"SyncLoop ADD"':  # an empty list of pods gives no event
        assert not any(messages(mark).know(old.strip('"')) for mark in "SF")


def test_one_shape_for_one_template() -> None:
    bodies = [f'Weird thing {n} of pod "p{n}_ns" at /var/lib/{n}: took {n}.5ms for {n:08x}-0000-4000-8000-00000000' for n in range(1, 50)]
    found = counted(kubelet(*bodies))
    assert [s.count for s in found.shapes] == [49]
    assert not re.search(r"\d", found.shapes[0].shape)


def test_who_wrote_it() -> None:
    line = HEADER.format(0, 1) + "Something new is here"
    for name in ("kubelet", "hyperkube", "k3s", "rke2", "origin-node", "atomic-openshift-node", "microk8s.daemon-kubelite", "/bin/kubelet"):
        assert list(counted([(name, line)]).components) == ["kubelet"], name
    for name in ("kube-apiserver", "sshd", "kernel", "kubeletctl", None):
        assert counted([(name, line.replace("kuberuntime_container.go", "handlers.go"))]).components == {}, name
    assert list(counted([(None, line)]).components) == ["kubelet"], "its source files tell"
    nameless = line.replace("kuberuntime_container.go", "handlers.go")
    assert list(counted([(None, nameless)], written={"kubelet"}).components) == ["kubelet"], "its events tell"
    other = line.replace("kuberuntime_container.go", "node_lifecycle_controller.go")
    assert list(counted([(None, other)]).components) == ["kube-controller-manager"], "its source files tell"


def test_systemd_counts_where_it_speaks_of_our_units() -> None:
    said = [
        "kubelet.service: Failed with result 'exit-code'.",
        "kubelet.service: Something unheard of.",
        "ssh.service: Failed with result 'x'.",
    ]
    found = counted([("systemd", text) for text in said])
    assert found.components == {"systemd": Component(2, 2, 1, 0)}
    assert [s.example for s in found.shapes] == [said[1]]


def test_runtimes() -> None:
    lines = [
        ("containerd", 'time="2026-11-22T08:39:20.659Z" level=info msg="StopPodSandbox for \\"abc\\" returns successfully"'),
        ("crio", 'time="2026-11-22 08:39:20.659Z" level=info msg="Something \\"new\\" in 3s" id=1'),
        ("dockerd", "panic: nil"),
    ]
    found = counted(lines)
    assert {k: (c.parsed, c.understood) for k, c in found.components.items()} == {"containerd": (1, 1), "crio": (1, 0), "dockerd": (0, 0)}
    assert {s.shape for s in found.shapes} == {"Something <…> in <…>", "panic: nil"}


def test_what_could_not_be_read() -> None:
    cut = 'I0822 00:23:09.000001  584647 a.go:1] "Text" key="value that is cut off in the mid'
    found = counted(
        [("kubelet", cut), ("kubelet", "I0822 00:23:09.000...off"), ("kubelet", "Flag --x has been deprecated, y"), ("kubelet", "\tmore")]
    )
    assert found.components["kubelet"] == Component(lines=3, parsed=1, understood=1, events=0)


def test_json_lines() -> None:
    known = '{"ts":1580306777047.28,"caller":"kubelet/kubelet.go:2117","msg":"SyncLoop (housekeeping)","v":4}'
    found = counted([("kubelet", known), ("kubelet", known.replace("housekeeping", "spring cleaning"))])
    assert found.components["kubelet"] == Component(2, 2, 1, 0)
    assert [s.shape for s in found.shapes] == ["SyncLoop (spring cleaning)"]


def test_batches_add_up() -> None:
    lines = kubelet(*(f"Strange thing number {n}" for n in range(100)))
    whole = counted(lines)
    tally = Tally()
    frame = records(lines)
    for start in (60, 0, 30):  # a store gives them in any order
        tally.add(
            frame.filter(pl.col("record").is_between(start, start + (29 if start < 60 else 39))), pl.DataFrame(schema={"record": pl.Int64})
        )
    assert tally.result(set()) == whole


def test_memory_and_store_say_the_same(sample_logs: Path, tmp_path: Path) -> None:
    passing = Recognising(MemoryStore())
    ingest.ingest([sample_logs / "quick-restart"], passing)
    store = open_store(tmp_path / "store", create=True)
    ingest.ingest([sample_logs / "quick-restart"], store)
    kept = recognise(store)
    assert passing.found == kept
    assert sum(one.total.lines for one in kept.values()) > 100


@pytest.mark.parametrize(
    ("template", "message", "same"),
    [
        ("Using node IP: %q", 'Using node IP: "10.0.0.1"', True),
        ("%d of %d done", "1 of 2 done.", True),
        ("%d of %d done", "1 of 2 not done", True),  # a value may be any words
        ("done: 100%% of %s", "done: 100% of it", True),
        ("Killing %q now", 'Killing "a" later', False),
        ("a %s b %s c", "a b c", False),
        ("exactly this", "exactly this and more", False),
    ],
)
def test_templates(template: str, message: str, same: bool) -> None:
    assert Template.of(template).matches(message) is same


@given(st.lists(st.text(alphabet="ab%\n ", max_size=6), max_size=5), st.lists(st.text(max_size=6), min_size=5, max_size=5))
def test_a_template_matches_what_it_prints(literals: list[str], values: list[str]) -> None:
    literals = [text.replace("%", "") for text in literals]
    printed = "".join(text + value for text, value in zip(literals, values, strict=False)) + "end"
    assert Template.of("%v".join([*literals, "end"])).matches(printed)


@given(st.text())
def test_a_shape_of_anything(text: str) -> None:
    assert len(shape(text)) <= 160
    assert shape(text) == shape(text)


def test_no_known_text_would_pass_for_anything() -> None:
    for mark in "SFRUB":
        for message in ("Ending the container web politely", "Pod web: container gone", "container web was stopped by the kubelet"):
            assert not messages(mark).know(message), (mark, message)


KLOG_LIKE = r'^[IWEF]\d{4} \d\d:\d\d:\d\d|^\{"ts":'


@pytest.mark.corpus
def test_corpus(corpus: Path) -> None:
    """Of all kubelets' klog lines 99.9 % are read; and what klog.parse makes of them is what the bulk expressions say."""
    seen = read = lines = understood = 0
    for folder in [corpus / "samples" / "kubelet", *sorted(p for p in (corpus / "captures").iterdir() if p.is_dir())]:
        store = MemoryStore(keep_records=True)
        ingest.ingest([folder], store)
        found = recognise(store)
        of_kubelets = [one.components["kubelet"] for one in found.values() if "kubelet" in one.components]
        lines += sum(part.lines for part in of_kubelets)
        understood += sum(part.understood for part in of_kubelets)
        texts = store.table("records").filter(pl.col("identifier").is_in(["kubelet", "hyperkube"]))["message"].drop_nulls()
        for text in texts.filter(texts.str.contains(KLOG_LIKE)):
            line = klog.parse(text)
            seen += 1
            read += line is not None and line.file is not None and (line.clock is not None or "ts" in line.values)
    assert seen > 50_000
    assert read / seen >= 0.999
    assert understood / lines >= 0.98
