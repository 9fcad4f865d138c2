"""Grammars on texts of any kind: they take what they know, and never raise on what they do not."""

import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import grammars
from analyzer.formats import named
from analyzer.formats.base import Batch, ReadContext, empty
from analyzer.grammars import controller_manager, kubelet, scheduler, sent_events
from analyzer.vocabulary import OBJECTS, RECORDS

HEADER = "I1122 08:35:50.575931     697 kubelet.go:2114] "
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LITERALS = sorted({rule.literal for rule in (*kubelet.RULES, *controller_manager.RULES, *scheduler.RULES, *sent_events.RULES)})
PIECES = st.sampled_from(
    [
        *LITERALS,
        *('"', '"api"', "pods=[a/b c]", "pod=", "event=", "&{ID:a Type:ContainerDied Data:", '{"ID":1}', "podUID=x", "exitCode=²", "need="),
        *(
            "99999999999999999999999",
            "9" * 5000,
            "replicaSet=a/b",
            "need=2",
            "err=<\n",
            "[",
            "{",
            "}",
            "]",
            "(",
            ")",
            "_",
        ),
        *('"SyncLoop ADD" source="api" pods=', '"\\ud800"', '["\\ud800"]', "Recording NodeReady event message for node ", 'object={"a":1}'),
        *("kubelet.service: Main process exited, code=exited, status=", "Suppressed ", " messages from x", "Started kubelet.service - "),
    ]
)
MESSAGES = st.lists(PIECES | ANY, max_size=6).map("".join)


def batch(messages: list[str], identifier: str, fields: str | None = None) -> Batch:
    rows = [
        {"record": n, "line": n + 1, "offset": 0, "message": m, "raw": m, "identifier": identifier, "fields": fields}
        for n, m in enumerate(messages)
    ]
    schema = empty(RECORDS).schema
    return Batch(records=pl.DataFrame({c: [row.get(c) for row in rows] for c in schema}, schema=schema))


@pytest.mark.parametrize(
    ("identifier", "prefix"), [("kubelet", HEADER), ("kubelet", HEADER + '"'), ("systemd", ""), ("systemd-journald", "")]
)
@given(messages=st.lists(MESSAGES, min_size=1, max_size=3))
def test_no_message_of_a_journal_breaks_a_grammar(identifier: str, prefix: str, messages: list[str]) -> None:
    events = grammars.understand(batch([prefix + m for m in messages], identifier), "journal")
    assert events["record"].is_sorted()
    assert events["kind"].null_count() == 0


@given(
    st.dictionaries(
        ANY | st.sampled_from(["msg", "ts", "pods", "pod", "event", "need", "exitCode"]),
        st.none() | ANY | st.integers() | st.lists(ANY),
        max_size=5,
    )
)
def test_no_json_line_breaks_a_grammar(values: dict[str, Any]) -> None:
    lines = [json.dumps({"ts": 1.0, **values, "msg": literal}) for literal in LITERALS]
    assert grammars.understand(batch(lines, "kubelet"), "klog")["kind"].null_count() == 0


@pytest.mark.parametrize("family", ["docker", "containerd"])
@given(
    action=st.sampled_from(
        ["container die ", "container kill ", "container start ", "/tasks/exit ", "/tasks/start ", "/containers/update "]
    ),
    identity=st.from_regex(r"[0-9a-f]{12,64}", fullmatch=True) | ANY,
    attributes=st.dictionaries(st.sampled_from(["name", "exitCode", "signal", "io.kubernetes.pod.name", "id"]), ANY),
)
def test_no_attributes_break_a_grammar(family: str, action: str, identity: str, attributes: dict[str, str]) -> None:
    events = grammars.understand(batch([action + identity], "", json.dumps(attributes)), family)
    assert events["kind"].null_count() == 0


@given(
    kind=st.sampled_from(["Pod", "Node", "Minion", "ReplicaSet", "Deployment", ""]) | ANY,
    reason=st.sampled_from(["Scheduled", "Killing", "TaintManagerEviction", "ScalingReplicaSet", "NodeNotReady", "SuccessfulCreate"]) | ANY,
    message=ANY | st.sampled_from(["Scaled up replica set a to 99999999999999999999", "Created pod: x", "Successfully assigned a to b"]),
    times=st.dictionaries(
        st.sampled_from(["firstTimestamp", "lastTimestamp", "eventTime"]),
        st.none()
        | ANY
        | st.sampled_from(["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-11-22T07:04:02", "2026-11-22T07:04:02Z"]),
    ),
    name=st.sampled_from(["x.ffffffffffffffff", "x.18ea4c1217864b1e"]) | ANY,
    count=st.none() | st.integers(-1, 2**70),
)
def test_no_event_breaks_the_grammar(kind: str, reason: str, message: str, times: dict[str, Any], name: str, count: int | None) -> None:
    about = {"kind": kind, "name": name}
    document = {"metadata": {"name": name}, "involvedObject": about, "reason": reason, "message": message, "count": count, **times}
    row = {"record": 0, "line": 1, "offset": 0, "kind": "Event", "document": json.dumps(document)}
    schema = empty(OBJECTS).schema
    objects = pl.DataFrame({c: [row.get(c)] for c in schema}, schema=schema)
    assert grammars.understand(Batch(objects=objects), "kubernetes")["kind"].null_count() == 0


def test_a_time_without_a_zone_is_utc() -> None:
    event = {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "x"}, "firstTimestamp": "2026-11-22T07:04:02"}
    (read,) = named("kubernetes-json").read(io.BytesIO(json.dumps(event).encode()), ReadContext(2026))
    (time,) = grammars.understand(read, "kubernetes")["time"].to_list()
    assert time.isoformat() == "2026-11-22T07:04:02+00:00"


@pytest.mark.parametrize(
    ("identifier", "component"),
    [("kubelet", "kubelet"), ("kube-scheduler", "scheduler"), ("kube-controller-manager", "controller-manager"), ("etcd", None)],
)
def test_a_named_writer_speaks_for_itself(identifier: str, component: str | None) -> None:
    lines = [
        'replica_set.go:559] "Too few replicas" replicaSet="a/b" need=2',
        'scheduler.go:1] "Successfully bound pod to node" pod="a/b" node="n"',
    ]
    events = grammars.understand(batch([f"I1122 08:35:50.575931     697 {line}" for line in lines], identifier), "journal")
    assert set(events["component"]) == ({component} if component in ("scheduler", "controller-manager") else set())


@pytest.mark.parametrize("identifier", ["hyperkube", "k3s", "origin-master", "microk8s.daemon-kubelite"])
def test_a_writer_of_many_components_may_say_anything(identifier: str) -> None:
    lines = [
        'replica_set.go:559] "Too few replicas" replicaSet="a/b" need=2',
        'scheduler.go:1] "Successfully bound pod to node" pod="a/b" node="n"',
    ]
    events = grammars.understand(batch([f"I1122 08:35:50.575931     697 {line}" for line in lines], identifier), "journal")
    assert events["component"].to_list() == ["controller-manager", "scheduler"]
