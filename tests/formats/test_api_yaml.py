"""Kubernetes objects in YAML: the same as in JSON, with a line for each."""

import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes import api_json
from analyzer.formats.kubernetes.api_yaml import FORMAT, documents

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


@given(st.lists(st.sampled_from([b"---\n", b"--- \n", b"----\n", b"a: 1\n", b"---", b"\n", b" ---\n", b"- b\n"])), st.integers(1, 20))
def test_the_window_does_not_matter(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    found = list(documents(io.BytesIO(data), size))
    assert b"".join(text for _, _, text in found) == data
    assert found == list(documents(io.BytesIO(data), 1 << 20))
    for line, offset, text in found:
        assert data[offset:].startswith(text)
        assert data.count(b"\n", 0, offset) + 1 == line


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
