"""Kubernetes objects in YAML: the same as in JSON, with a line for each."""

import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import limits
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes import api_json
from analyzer.formats.kubernetes.api_yaml import FORMAT, parse
from analyzer.formats.kubernetes.yaml_pieces import pieces
from analyzer.formats.tables import Reject

ITEM = """\
- apiVersion: v1
  count: 1
  firstTimestamp: 2026-11-22T08:33:28Z
  involvedObject:
    fieldPath: implicitly required container POD
    kind: Pod
  kind: Event
  message: Pod container image "gcr.io/google_containers/pause:0.8.0" already present
    on machine
  metadata:
    annotations:
      config: |
        items:
        - a: 1
        kind: Nothing
      number: "0644"
      truth: "yes"
    creationTimestamp: "2026-11-22T08:33:28Z"
    name: x.18ea50f388e1df81
    namespace: default
    resourceVersion: "911"
    uid: 643e
"""
LIST = "apiVersion: v1\nitems:\n" + ITEM + ITEM.replace("643e", "'6440'") + 'kind: List\nmetadata:\n  resourceVersion: ""\n'
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: n\n  uid: u1\nspec:\n  containers:\n  - name: a\n"


def read(data: bytes, module: object = FORMAT) -> Batch:
    batches = list(module.read(io.BytesIO(data), ReadContext(2026)))  # type: ignore[attr-defined]
    return Batch(objects=pl.concat([b.objects for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def test_a_list() -> None:
    assert FORMAT.sniff(LIST.encode(), "x")
    batch = read(LIST.encode())
    assert batch.rejects.is_empty()
    assert batch.objects.select("record", "line", "kind", "k8s_namespace_name", "uid", "resource_version").rows() == [
        (0, 3, "Event", "default", "643e", "911"),
        (1, 3 + ITEM.count("\n"), "Event", "default", "6440", "911"),
    ]
    assert [LIST.encode()[offset : offset + 6] for offset in batch.objects["offset"]] == [b"- apiV"] * 2
    document = json.loads(batch.objects["document"][0])
    assert document["firstTimestamp"] == "2026-11-22T08:33:28Z"
    assert document["message"] == 'Pod container image "gcr.io/google_containers/pause:0.8.0" already present on machine'
    assert document["metadata"]["annotations"] == {"config": "items:\n- a: 1\nkind: Nothing\n", "number": "0644", "truth": "yes"}
    assert list(document) == sorted(document)


def test_an_indented_list_of_items_without_kind() -> None:
    data = b"---\napiVersion: v1\nkind: PodList\nitems:\n  - metadata:\n      name: a\n  - metadata:\n      name: b\n"
    batch = read(data)
    assert batch.objects.select("line", "kind", "api_version", "name").rows() == [(5, "Pod", "v1", "a"), (7, "Pod", "v1", "b")]


def test_documents_and_watch_events() -> None:
    wrapped = "object:\n" + "".join(f"  {line}\n" for line in POD.splitlines()) + "type: MODIFIED\n"
    data = f"---\n{POD}---\n{wrapped}---\n{LIST}---\n# nothing\n---\n".encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.rejects.is_empty()
    assert batch.objects["watch"].to_list() == [None, "MODIFIED", None, None]
    assert batch.objects["document"][0] == batch.objects["document"][1]
    assert batch.objects["line"].to_list()[:2] == [1, POD.count("\n") + 2]


def test_damage_costs_one_item() -> None:
    data = LIST.encode()
    hurt = data.replace(b"  count: 1", b"  count: [\x00\xff", 1)
    batch = read(hurt)
    assert (batch.objects["uid"].to_list(), batch.rejects["line"].to_list()) == (["6440"], [3])
    assert batch.rejects["reason"][0].startswith("broken YAML")
    garbage = data.replace(b"  count: 1\n", b"\xfe\x00 garbage\n\t::\n", 1)
    assert read(garbage).objects["uid"].to_list() == ["6440"]
    cut = read(data[: data.rindex(b"already")])
    assert cut.objects.height + cut.rejects.height == 2


@pytest.mark.parametrize("bad", ["- " * 50_000 + "x", "[" * 100_000, "*nothing", "!tag x", "\x1b[31m", ".nan", "9" * 50, "\t"])
def test_no_content_raises(bad: str) -> None:
    batch = read((POD.replace("name: a", f"name: {bad}") + "---\n" + POD).encode())
    assert batch.objects.height + batch.rejects.height == 2
    assert batch.objects["uid"][-1] == "u1"


def test_windows_line_ends() -> None:
    plain, windows = read(LIST.encode()), read(b"\xef\xbb\xbf" + LIST.replace("\n", "\r\n").encode())
    assert FORMAT.sniff(LIST.replace("\n", "\r\n").encode(), "x")
    assert plain.objects.drop("offset").equals(windows.objects.drop("offset"))


@pytest.mark.parametrize("empty", ['apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: ""\n'])
def test_an_empty_list(empty: str) -> None:
    assert FORMAT.sniff(empty.encode(), "x")
    batch = read(empty.encode())
    assert batch.objects.is_empty()
    assert batch.rejects.is_empty()


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"---\n",
        b"# Title\n\nText: with a colon\n\n```yaml\napiVersion: v1\nkind: Pod\nmetadata:\n```\n",
        b"Name:         minion-01\nRoles:        <none>\nLabels:       a=b\n",
        b"LAST SEEN   TYPE     REASON\n3m   Normal   Killing\n",
        b"I1122 08:35:50.575931     697 kubelet.go:2114] apiVersion: v1\n",
        b"insertId: x\njsonPayload:\n  MESSAGE: x\nlogName: y\n",
        b"apiVersion: audit.k8s.io/v1\nkind: EventList\nitems:\n- kind: Event\n",
        b"apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
        b'{"apiVersion":"v1","kind":"Pod","metadata":{}}\n',
        b"\x00\x01\x02" * 100,
    ],
)
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "pods.yaml")


LAYOUTS = (  # one list, as kubectl, must-gather, and other writers of YAML lay it out
    "apiVersion: v1\nitems:\n- metadata:\n    name: a\n  s:\n  - x\n- metadata: {name: b}\nkind: PodList\nmetadata:\n  s: ''\n",
    "kind: PodList\napiVersion: v1\nitems:\n    - metadata:\n        name: a\n      s:\n      - x\n    - metadata:\n        name: b\n",
    "apiVersion: v1\nkind: PodList\nitems: # two\n\n# the first\n- metadata:\n    name: a\n  s: [x]\n# b\n- metadata:\n    name: b\n",
    "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}, s: [x]}, {metadata: {name: b}}]\n",
    "apiVersion: v1\nkind: PodList\nitems:\n-\n  metadata:\n    name: a\n  s:\n  - x\n-\n  metadata:\n    name: b\n",
    "{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}, s: [x]}, {metadata: {name: b}}]}\n",
    "apiVersion: v1\nkind: PodList\nitems: &all\n- metadata:\n    name: a\n  s: &s [x]\n- metadata:\n    name: b\n",
    "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n  s:\n  - x\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n",
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_list_is_the_same_in_every_layout(layout: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.formats.kubernetes.api_yaml.CHUNK", size)
    for text in (layout, layout.replace("\n", "\r\n"), f"---\n{layout}---\n"):
        batch = read(text.encode())
        assert batch.rejects.is_empty()
        assert batch.objects.select("kind", "api_version", "name").rows() == [("Pod", "v1", "a"), ("Pod", "v1", "b")]
        assert json.loads(batch.objects["document"][0])["s"] == ["x"]


def test_what_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.VARIABLE, "record=2K")
    long = ITEM.replace("643e", "x" * 5000)
    data = (LIST.replace("kind: List", long + ITEM + "kind: List") + "---\n" + POD + "# " + "y" * 5000 + "\n---\n" + POD).encode()
    for size in (1, 100, 1 << 20):
        monkeypatch.setattr("analyzer.formats.kubernetes.api_yaml.CHUNK", size)
        batch = read(data)
        assert batch.objects["uid"].to_list() == ["643e", "6440", "643e", "u1"]
        assert batch.rejects["reason"].to_list() == [
            f"longer than a record may be (--limit record=): {length:,} bytes are passed over" for length in (len(long), len(POD) + 5007)
        ]


def test_the_last_item_may_be_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.VARIABLE, "record=2K")
    for behind in ("", "kind: List\n", "---\n" + POD):
        batch = read((LIST.partition("kind: List")[0] + ITEM.replace("643e", "x" * 5000) + behind).encode())
        assert batch.objects["uid"].to_list() == ["643e", "6440"] + ["u1"] * ("---" in behind)
        assert batch.rejects.height == 1


LINES = [
    *(b"---\n", b"--- \n", b"----\n", b"---", b" ---\n", b"\n", b"# d\n", b"x" * 40 + b"\n"),
    *(b"items:\n", b"items: []\r\n", b"- b\n", b"  - c: 2\n", b"-\n", b"a: 1\n", b"kind: PodList\n", b"apiVersion: v1\n"),
]


@given(
    st.lists(st.sampled_from(LINES)),
    st.integers(1, 20),
    st.sampled_from(["", "record=30"]),
)
def test_the_window_does_not_matter(parts: list[bytes], size: int, limit: str) -> None:
    data = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(limits.VARIABLE, limit)
        found = [piece if isinstance(piece, Reject) else (*piece[:3], piece.of()) for piece in pieces(io.BytesIO(data), size)]
        whole = [piece if isinstance(piece, Reject) else (*piece[:3], piece.of()) for piece in pieces(io.BytesIO(data), 1 << 20)]
    assert found == whole
    last = 0
    for line, offset, text, _ in found:
        assert offset >= last
        last = offset + (len(text) if isinstance(text, bytes) else 0)
        assert data.count(b"\n", 0, offset) + 1 == line
        assert not isinstance(text, bytes) or data[offset:last] == text


NAMES = st.text("ab-: #\n'\"é", min_size=1, max_size=8)


@given(st.lists(st.dictionaries(NAMES, st.one_of(NAMES, st.lists(NAMES), st.dictionaries(NAMES, NAMES))), min_size=1), st.integers(1, 200))
def test_items_are_cut_where_they_end(items: list[dict[str, object]], size: int) -> None:
    """JSON is YAML: each item as kubectl lays it out, its values in flow style."""
    text = "apiVersion: v1\nitems:\n"
    for item in items:
        fields = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in {"metadata": {}, **item}.items()]
        text += "- " + "\n  ".join(fields) + "\n"
    text += "kind: List\nmetadata:\n  resourceVersion: ''\n"
    found = [parse(piece.text.decode()) for piece in pieces(io.BytesIO(text.encode()), size) if not isinstance(piece, Reject)]
    assert found == [{"metadata": {}, **item} for item in items]


def test_corpus_says_the_same_in_json(corpus: Path) -> None:
    sources = sorted(corpus.glob("captures/*/cluster/events.yaml"))
    assert sources
    columns = ["kind", "k8s_namespace_name", "name", "uid", "resource_version", "document"]
    for source in sources:
        data = source.read_bytes()
        assert FORMAT.sniff(data[:65536], source.name)
        told, parsed = read(data), read(source.with_suffix(".json").read_bytes(), api_json.FORMAT)
        assert told.rejects.is_empty()
        assert told.objects.height == parsed.objects.height > 0
        # the two were asked for one after the other: an event may have been counted up in between
        common = told.objects.join(parsed.objects, on=["uid", "resource_version"], how="semi")
        assert common.height >= told.objects.height - 2
        other = parsed.objects.join(told.objects, on=["uid", "resource_version"], how="semi")
        assert set(common.select(columns).rows()) == set(other.select(columns).rows()), source


def test_corpus_of_must_gather(corpus: Path) -> None:
    for source in corpus.glob("samples/kube-events/*.yaml"):
        batch = read(source.read_bytes())
        assert FORMAT.sniff(source.read_bytes()[:65536], source.name)
        assert batch.rejects.is_empty()
        assert set(batch.objects["kind"]) == {"Event"}


def test_corpus_of_others(corpus: Path) -> None:
    others = [path for path in corpus.glob("captures/*/*/*") if path.suffix in (".txt", ".md", ".short", ".log", ".jsonl", ".json")]
    assert not [path for path in [*others, *corpus.glob("*.md")] if FORMAT.sniff(path.read_bytes()[:65536], path.name)]
