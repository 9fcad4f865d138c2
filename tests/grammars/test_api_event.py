"""Many events of the API at once are understood as each of them alone."""

from typing import Any

import orjson
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import empty
from analyzer.grammars import api_documents
from analyzer.grammars.api_event import event_columns, event_frame
from analyzer.grammars.base import EVENT_COLUMNS
from analyzer.vocabulary import OBJECTS

ID = "9c0d1ac1f1f7a3c5d3d7f5b1a1a2e3b4c5d6e7f8091a2b3c4d5e6f708192a3b4"
EVENTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Pod", "BoundPod", "Node", "Minion", "ReplicaSet", "Deployment", ""]),
        "namespace": st.sampled_from([None, "", "default"]),
        "name": st.sampled_from(["", "web-1", "minion-01"]),
        "uid": st.sampled_from([None, "", "u1"]),
        "reason": st.sampled_from(
            [
                "", "Scheduled", "Started", "Killing", "SuccessfulCreate", "ScalingReplicaSet", "TerminatingEvictedPod", "NodeNotReady",
                "TaintManagerEviction",
            ]
        ),
        "message": st.sampled_from(
            [
                "", " \x1f", "Successfully assigned default/web-1 to minion-01", f"Created with docker id {ID}", "Created pod: web-2",
                "Scaled up replica set web-5 to 3", "(combined from similar events): Created pod: web-3", "Marking for deletion Pod a/b",
                "Pod web-4 has exceeded the grace period for deletion after being evicted",
            ]
        ),
        "reporter": st.sampled_from(["", "kubelet", "controllermanager", "scheduler"]),
        "host": st.sampled_from([None, "", "minion-02"]),
        "field_path": st.sampled_from([None, "", "spec.containers{web}", "implicitly required container POD", "{"]),
    }
)  # fmt: skip


COLUMNS = ("kind", "namespace", "name", "uid", "reason", "message", "reporter", "host", "field_path")


@given(st.lists(EVENTS, max_size=8))
def test_the_same_at_once(events: list[dict[str, Any]]) -> None:
    frame = event_frame(pl.DataFrame(events, schema=dict.fromkeys(COLUMNS, pl.String)))
    told = [event_columns(**event, count=None) for event in events]
    own = [column for column in frame.columns if column in EVENT_COLUMNS]
    assert frame.select(own).rows(named=True) == [{column: row.get(column) for column in own} for row in told]
    attributes = frame.select("reason", "reporter", "replica_set", combined=pl.when("combined").then(True)).rows(named=True)
    assert [{name: value for name, value in each.items() if value is not None} for each in attributes] == [
        row["attributes"] for row in told
    ]
    assert all(set(row) <= {*own, "attributes"} for row in told)


def understood(**event: Any) -> list[dict[str, Any]]:
    row = {"record": 7, "line": 8, "offset": 9, "kind": "Event", "document": orjson.dumps(event).decode()}
    return api_documents.understand(pl.DataFrame([row], schema=empty(OBJECTS).schema)).rows(named=True)


FIRST, LAST = "2026-11-22T07:04:02Z", "2026-11-22T07:09:02Z"
SEVERAL = {"firstTimestamp": FIRST, "lastTimestamp": LAST, "count": 3}
KILLING = {
    "metadata": {"creationTimestamp": FIRST},
    "involvedObject": {"kind": "Pod", "name": "web-1"},
    "reason": "Killing",
    "source": "kubelet",
}


def test_the_first_and_the_last_of_several() -> None:
    first, last = understood(**KILLING, **SEVERAL, message='a "b"\n', condition="é\\")
    assert (first["record"], first["line"], first["offset"], first["resolution_us"]) == (7, 8, 9, 1_000_000)
    assert first["text"] == f'{FIRST} Pod/web-1 Killing: a "b" (x3)'
    assert last["text"] == f'{LAST} Pod/web-1 Killing: a "b" (x3)'
    said = {"condition": "é\\", "created": FIRST, "reason": "Killing", "reporter": "kubelet"}
    assert first["attributes"] == orjson.dumps(said).decode()
    assert last["attributes"] == orjson.dumps({name: value for name, value in said.items() if name != "created"}).decode()


def test_of_what_was_combined_only_the_last_counts() -> None:
    (last,) = understood(**KILLING, **SEVERAL, message="(combined from similar events): x")
    assert last["text"].startswith(LAST)
    assert last["attributes"] == '{"combined":true,"reason":"Killing","reporter":"kubelet"}'
    (once,) = understood(**KILLING, message="(combined from similar events): x", eventTime="2026-11-22T07:04:02.5Z")
    assert once["text"].startswith("2026-11-22T07:04:02.500000Z")
    assert "created" in orjson.loads(once["attributes"])


def test_no_time_and_no_event() -> None:
    assert [row["text"] for row in understood(reason="x")] == ["no time / x:"]
    assert understood(reason=5) == []


def test_what_is_kept_of_a_batch() -> None:
    documents = ['{"reason":"a"}', '{"reason":5}', '{"reason":"b"}']
    rows = [
        {"record": n, "kind": "Event", "document": text, "watch": watch} for n, text in enumerate(documents) for watch in (None, "DELETED")
    ]
    assert api_documents.understand(pl.DataFrame(rows, schema=empty(OBJECTS).schema))["record"].to_list() == [0, 2]
