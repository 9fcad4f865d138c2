"""Tables of ``kubectl get events``."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes import event_table
from analyzer.formats.kubernetes.ages import UNRESOLVED
from analyzer.formats.kubernetes.event_table import FORMAT
from analyzer.formats.kubernetes.event_table_columns import layout
from analyzer.formats.lines import records
from analyzer.grammars import understand
from analyzer.vocabulary import RECORDS

OF_1_0 = """\
FIRSTSEEN                         LASTSEEN                          COUNT     NAME      KIND      SUBOBJECT                           REASON      SOURCE                MESSAGE
Sun, 22 Nov 2026 08:35:33 +0000   Sun, 22 Nov 2026 08:35:33 +0000   1         api-4jd   Pod       implicitly required container POD   started     {kubelet minion-01}   Started with docker id a1d5ff5f3f09
Sun, 22 Nov 2026 14:05:34 +0530   Sun, 22 Nov 2026 14:06:34 +0530   4         api-4jd   Pod                                           scheduled   {scheduler }          Successfully assigned api-4jd to minion-01
"""  # noqa: E501
WATCHED = OF_1_0 + (
    "Sun, 22 Nov 2026 08:35:33 +0000   Sun, 22 Nov 2026 08:35:33 +0000   1         service-33-34l4x   Pod       scheduled   {scheduler }   "
    "Successfully assigned service-33-34l4x to minion-02\n"
)
OF_1_2_WATCHED = """\
FIRSTSEEN                       LASTSEEN                        COUNT     NAME   KIND   SUBOBJECT             TYPE     REASON    SOURCE              MESSAGE
2016-03-16 12:34:56 +0000 UTC   2016-03-16 12:34:57 +0000 UTC   1         a      Pod    spec.containers{c}    Normal   Started   {kubelet node-1}    Started container with docker id 0123456789ab
"""  # noqa: E501
OF_1_3 = """\
LASTSEEN   FIRSTSEEN   COUNT     NAME      KIND      SUBOBJECT   TYPE      REASON           SOURCE                  MESSAGE
3m         1h          7         node-1    Node                  Normal    NodeNotReady     {controllermanager }    Node node-1 status is now: NodeNotReady
"""  # noqa: E501
OF_1_12 = """\
LAST SEEN   FIRST SEEN   COUNT   NAME                      KIND   SUBOBJECT   TYPE      REASON      SOURCE              MESSAGE
3m          1h           7       web-1.18ea4c62be9bd1ce    Pod                Normal    Scheduled   default-scheduler   Successfully assigned web-1
"""  # noqa: E501
OF_1_14 = """\
NAMESPACE   LAST SEEN   TYPE      REASON    OBJECT                      MESSAGE
default     2m31s       Warning   BackOff   pod/web-1                   Back-off  restarting
kube        <unknown>   Normal    Scaled    replicationcontroller/api   Created pod: api-1
"""
WIDE = """\
LAST SEEN   TYPE      REASON    OBJECT      SUBOBJECT               SOURCE            MESSAGE                  FIRST SEEN   COUNT   NAME
2d4h        Warning   BackOff   pod/web-1   spec.containers{web}    kubelet, node-1   Back-off  restarting     3d           12      web-1.18ea4c62be9bd1ce
"""  # noqa: E501
OF_KUBECTL_EVENTS = """\
LAST SEEN               TYPE      REASON    OBJECT      MESSAGE
3m30s (x256 over 58m)   Warning   BackOff   Pod/web-1   Back-off restarting failed container
"""


def read(text: str | bytes) -> Batch:
    data = text if isinstance(text, bytes) else text.encode()
    batches = [*FORMAT.read(io.BytesIO(data), ReadContext(2026)), Batch()]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def told(batch: Batch) -> list[dict[str, object]]:
    return [json.loads(f) for f in batch.records["fields"]]


@pytest.mark.parametrize("text", [OF_1_0, WATCHED, OF_1_2_WATCHED, OF_1_3, OF_1_12, OF_1_14, WIDE, OF_KUBECTL_EVENTS])
def test_every_generation(text: str) -> None:
    assert FORMAT.sniff(text.encode(), "")
    assert formats.detect(text.encode(), "") is FORMAT
    batch = read(text)
    assert (batch.records.height, batch.rejects.height) == (text.count("\n") - 1, 0)
    assert dict(batch.records.schema) == {k: v for k, v in RECORDS.items() if k != "source_id"}
    assert batch.records["raw"].to_list() == text.splitlines()[1:]
    again = read(text.replace("\n", "\r\n"))
    assert batch.records.drop("offset").equals(again.records.drop("offset"))


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            OF_1_0,
            [
                "Pod/api-4jd started: Started with docker id a1d5ff5f3f09",
                "Pod/api-4jd scheduled: Successfully assigned api-4jd to minion-01",
            ],
        ),
        (OF_1_3, ["Node/node-1 NodeNotReady: Node node-1 status is now: NodeNotReady"]),
        (OF_1_12, ["Pod/web-1 Scheduled: Successfully assigned web-1"]),
        (OF_1_14, ["Pod/web-1 BackOff: Back-off  restarting", "ReplicationController/api Scaled: Created pod: api-1"]),
        (WIDE, ["Pod/web-1 BackOff: Back-off  restarting"]),
        (OF_KUBECTL_EVENTS, ["Pod/web-1 BackOff: Back-off restarting failed container"]),
    ],
)
def test_messages(text: str, messages: list[str]) -> None:
    assert read(text).records["message"].to_list() == messages


def test_written_times_count_and_ages_do_not() -> None:
    assert read(OF_1_0).records["time"].to_list() == [datetime(2026, 11, 22, 8, 35, second, tzinfo=UTC) for second in (33, 34)]
    assert read(OF_1_2_WATCHED).records["time"].to_list() == [datetime(2016, 3, 16, 12, 34, 56, tzinfo=UTC)]
    for text in (OF_1_3, OF_1_12, OF_1_14, WIDE, OF_KUBECTL_EVENTS):
        batch = read(text)
        assert batch.records["time"].is_null().all()
        assert understand(batch, FORMAT.family).is_empty()


def test_events() -> None:
    started, scheduled, again = understand(read(OF_1_0), FORMAT.family).rows(named=True)
    assert (started["kind"], started["node"], started["k8s_container_name"], started["container_id"]) == (
        "pod_container_started", "minion-01", "POD", "a1d5ff5f3f09",
    )  # fmt: skip
    assert (scheduled["kind"], scheduled["node"], scheduled["resolution_us"]) == ("pod_scheduled", "minion-01", 1_000_000)
    assert again["time"] == datetime(2026, 11, 22, 8, 36, 34, tzinfo=UTC)  # the last of four
    assert again["message"] == scheduled["message"]


def test_of_a_node_that_was_not_ready_several_times_only_the_last_counts() -> None:
    text = (
        OF_1_0.replace("api-4jd   Pod ", "node-1    Node")
        .replace("scheduled   {", "NodeNotReady  {")
        .replace("{scheduler }", "{nodecontroller }")
    )
    times = understand(read(text), FORMAT.family).filter(pl.col("kind") == "node_not_ready")["time"].to_list()
    assert times == [datetime(2026, 11, 22, 8, 36, 34, tzinfo=UTC)]


def test_the_api_s_own_document_says_the_same() -> None:
    document = {
        "kind": "Event", "apiVersion": "v1", "metadata": {"name": "x"}, "reason": "started",
        "source": {"component": "kubelet", "host": "minion-01"},
        "involvedObject": {"kind": "Pod", "name": "api-4jd", "fieldPath": "implicitly required container POD"},
        "message": "Started with docker id a1d5ff5f3f09", "firstTimestamp": "2026-11-22T08:35:33Z", "count": 1,
    }  # fmt: skip
    known = formats.named("kubernetes-json")
    (batch,) = known.read(io.BytesIO(json.dumps(document).encode()), ReadContext(2026))
    place = ["line", "offset", "text"]
    assert understand(batch, known.family).drop(place).equals(understand(read(OF_1_0), FORMAT.family)[:1].drop(place))


def test_rows_that_are_aligned_anew() -> None:
    assert told(read(WATCHED))[2] == {
        "kind": "Pod", "name": "service-33-34l4x", "namespace": None, "reason": "scheduled", "reporter": "scheduler", "host": None,
        "message": "Successfully assigned service-33-34l4x to minion-02", "subobject": None, "type": None, "count": 1,
        "first_seen": "Sun, 22 Nov 2026 08:35:33 +0000", "last_seen": "Sun, 22 Nov 2026 08:35:33 +0000",
        "last": "2026-11-22T08:35:33.000000+00:00", "last_resolution_us": 1_000_000,
    }  # fmt: skip


def test_wide() -> None:
    (row,) = told(read(WIDE))
    assert (row["subobject"], row["reporter"], row["host"], row["count"]) == ("spec.containers{web}", "kubelet", "node-1", 12)
    assert (row["first_seen"], row["last_seen"], row["last"]) == ("3d", "2d4h", None)


def test_messages_of_several_lines() -> None:
    batch = read(OF_1_14.replace("restarting", "restarting\n  because\n\nof ü") + "\n\n")
    assert batch.records["message"].to_list()[0] == "Pod/web-1 BackOff: Back-off  restarting\n  because\n\nof ü"
    assert batch.records["line"].to_list() == [2, 6]


def test_what_stands_around_tables() -> None:
    other = "NAME    READY   STATUS\nweb-1   1/1     Running\n"
    batch = read("$ kubectl get events\n" + OF_1_3 + other + OF_1_14)
    assert (batch.records.height, batch.records["record"].to_list()) == (3, [0, 1, 2])
    assert batch.rejects.select("line", "raw").rows() == [(1, "$ kubectl get events"), (5, "web-1   1/1     Running")]


def test_nothing_follows_a_header_unseen() -> None:
    batch = read(OF_1_14 + OF_1_14.partition("\n")[0] + "\nError from server\n")
    assert batch.rejects.select("line", "raw").rows() == [(5, "Error from server")]


def test_damage() -> None:
    header, first, second, _ = OF_1_0.split("\n")
    batch = read("\n".join([header, first.replace("22 Nov", "31 Feb"), "3m   x", second, ""]))
    assert batch.records["line"].to_list() == [4]
    assert batch.rejects["reason"].to_list() == ["no such date", "not a row of the table above it"]


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    text = OF_1_14 + OF_1_14.partition("\n")[2].replace("restarting", "restarting\nagain") * 20
    whole = read(text)
    monkeypatch.setattr(event_table, "records", lambda stream, starts, size: records(stream, starts, 200))
    assert read(text).records.equals(whole.records)


@pytest.mark.parametrize(
    "header",
    [
        "NAME   READY   STATUS",
        "LAST SEEN   TYPE   REASON",
        "REASON   MESSAGE   OBJECT",
        "LAST SEEN   REASON   REASON   OBJECT   MESSAGE",
        "",
        "MESSAGE",
    ],
)
def test_other_headers(header: str) -> None:
    assert layout(header) is None


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"NAME   READY   STATUS\nweb-1   1/1   Running\n",
        b"\x00\x01" * 50,
        OF_1_14.split("\n", 1)[1].encode(),
        b"x\n" * 5 + OF_1_14.encode(),
    ],
)
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "events.txt")


@pytest.mark.parametrize("other", [b"\xff\n", "ä  ö\n".encode(), b"\n", b"default     2m31s       Warning   \xff\n"])
def test_what_is_no_row_is_no_reason_to_stop(other: bytes) -> None:
    assert read(OF_1_14.encode() + other).records.height == 2


def test_corpus(corpus: Path) -> None:
    tables = sorted(path for path in corpus.glob("captures/*/cluster/*events*.txt") if not path.name.endswith("received-ts.txt"))
    assert tables
    for source in tables:
        data = source.read_bytes()
        headers = data.count(b" MESSAGE")
        batch = read(data)
        assert formats.detect(data[: formats.HEAD], source.name) is FORMAT
        assert (batch.records.height, batch.rejects.height) == (data.count(b"\n") - headers, 0), source
        assert not batch.records["message"].str.contains(r"^/|^\w+/ ").any()


def test_tables_and_documents_of_one_capture_say_the_same(corpus: Path) -> None:
    known = formats.named("kubernetes-json")
    for folder in sorted(corpus.glob("captures/k*/cluster")):
        with (folder / "events.json").open("rb") as stream:
            documents = pl.concat([understand(b, known.family) for b in known.read(stream, ReadContext(2026))])
        rows = understand(read((folder / "events.txt").read_bytes()), FORMAT.family)
        same = ["kind", "node", "k8s_pod_name", "k8s_container_name", "container_id", "controller", "message"]
        said = [frame.select(pl.col("time").dt.truncate("1s"), *same).sort("time", *same) for frame in (documents, rows)]
        assert said[0].equals(said[1])


@given(st.text("ab: \n{}/<>123sm\ud7ffü,x()", max_size=200), st.integers(0, 400))
def test_nothing_is_lost_and_nothing_raised(noise: str, place: int) -> None:
    text = OF_1_14[:place] + noise + OF_1_14[place:]
    batch = read(text)
    kept = pl.concat([batch.records.select("offset", "raw"), batch.rejects.select("offset", "raw")])
    for offset, raw in kept.iter_rows():
        assert text.encode()[offset:].decode().startswith(raw)
    understand(batch, FORMAT.family)


CAPTURED = datetime(2026, 11, 22, 8, 39, tzinfo=UTC)
OF_ONES_OWN = """\
LastSeen               Kind     Object   Reason     From                Msg
2026-11-22T08:35:33Z   Pod      web-1    Killing    kubelet             Stopping container web
<none>                 Pod      web-2    Killing    kubelet             Stopping container web
"""
NAMELESS = """\
TIME                          NS        NAME                     REASON     COMPONENT   MESSAGE
2026-11-22T08:35:33.123456Z   default   web-1.18ea4c62be9bd1ce   Killing    kubelet     Stopping container web
2026-11-22T08:35:33Z          default   n1.18ea4c62be9bd1ce      Whatever   someone     else
"""


def resolved(text: str, captured: datetime | None = CAPTURED) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026, captured=captured)), Batch()]
    return Batch(records=pl.concat([b.records for b in batches]), notes=tuple(note for b in batches for note in b.notes))


def test_ages_stand_for_intervals() -> None:
    assert resolved(OF_1_3).records.select("time", "resolution_us").rows() == [(datetime(2026, 11, 22, 6, 39, tzinfo=UTC), 3601_000_000)]
    events = understand(resolved(WIDE), FORMAT.family)
    assert events.select("time", "resolution_us").rows() == [
        (datetime(2026, 11, 18, 8, 39, tzinfo=UTC), 86_401_000_000),
        (datetime(2026, 11, 20, 3, 39, tzinfo=UTC), 3601_000_000),
    ]
    first, last = understand(resolved(OF_KUBECTL_EVENTS), FORMAT.family)["time"]
    assert (first, last) == (datetime(2026, 11, 22, 7, 40, tzinfo=UTC), datetime(2026, 11, 22, 8, 35, 29, tzinfo=UTC))
    assert resolved(OF_1_14).records["time"].null_count() == 1  # <unknown>


def test_ages_without_a_capture_time_are_told() -> None:
    assert resolved(OF_1_14, None).notes == (UNRESOLVED,)
    assert resolved(OF_1_0, None).notes == ()
    assert resolved(OF_1_14).notes == ("ages count back from 2026-11-22 08:39:00Z, as stated",)


def test_columns_of_one_s_own() -> None:
    for text in (OF_ONES_OWN, NAMELESS):
        assert formats.detect(text.encode(), "") is FORMAT
        assert read(text).rejects.is_empty()
    killed, unknown = read(OF_ONES_OWN).records.rows(named=True)
    assert (killed["message"], killed["time"]) == (
        "Pod/web-1 Killing: Stopping container web", datetime(2026, 11, 22, 8, 35, 33, tzinfo=UTC),
    )  # fmt: skip
    assert unknown["time"] is None
    killed, other = read(NAMELESS).records.rows(named=True)
    assert (killed["message"], killed["resolution_us"]) == ("Pod/web-1 Killing: Stopping container web", 1)  # the kubelet kills but pods
    assert (other["message"], other["resolution_us"]) == ("?/n1 Whatever: else", 1_000_000)


def test_no_events() -> None:
    text = '{"tool": "kubectl_events"}\n{"status": "success"}\nNo events found in default namespace.\n'
    assert formats.detect(text.encode(), "") is FORMAT
    batch = read(text)
    assert batch.records["message"].to_list() == ["No events found in default namespace."]
    assert understand(batch, FORMAT.family).is_empty()


def test_rows_printed_as_events_came() -> None:
    header, *rows = OF_1_14.replace("<unknown>", "7m       ").splitlines()
    fresh = [rows[0].replace("2m31s", f"{n}s   ") for n in (0, 1, 0)]
    watched = resolved("\n".join([header, *rows, *fresh, ""]))
    assert watched.records["time"].is_null().all()
    assert set(watched.notes) == {event_table._WATCHED}
    for printed_at_once in ([*reversed(rows), *sorted(fresh, reverse=True)], [*fresh, *rows]):
        assert resolved("\n".join([header, *printed_at_once, ""])).records["time"].is_not_null().any()


def test_a_header_alone() -> None:
    assert layout(OF_1_14.split("\n")[0])
    assert layout(OF_ONES_OWN.split("\n")[0])
    assert not layout("Some REASON   for a MESSAGE")
    assert not layout("Reason   Message")
