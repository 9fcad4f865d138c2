"""The audit log as text, to 1.11."""

import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes import audit_text
from analyzer.formats.kubernetes.audit_text import FORMAT
from analyzer.formats.lines import chunks
from analyzer.grammars import understand
from analyzer.vocabulary import RECORDS

EVICTOR = "system:serviceaccount:kube-system:node-controller"
OF_1_4 = f"""\
2017-03-21T03:57:09.106841886-04:00 AUDIT: id="a1" ip="10.0.0.1" method="DELETE" user="{EVICTOR}" as="<self>" namespace="default" uri="/api/v1/namespaces/default/pods/web-1"
2017-03-21T03:57:09.108403639-04:00 AUDIT: id="a1" response="200"
"""  # noqa: E501
LEGACY = """\
2018-03-21T07:57:09.106841Z AUDIT: id="b1" ip="10.0.0.1" method="delete" user="admin" groups="\\"system:masters\\",\\"x\\"" as="bob" asgroups="<lookup>" namespace="default" uri="/api/v1/namespaces/default/pods/web-1" response="<deferred>"
2018-03-21T07:57:09.206841Z AUDIT: id="b1" ip="10.0.0.1" method="delete" user="admin" groups="\\"system:masters\\",\\"x\\"" as="bob" asgroups="<lookup>" namespace="default" uri="/api/v1/namespaces/default/pods/web-1" response="200"
"""  # noqa: E501


def read(text: str) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026)), Batch()]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def request(method: str, uri: str) -> str:
    return f'2017-03-21T03:57:09Z AUDIT: id="a1" ip="::1" method="{method}" user="admin" as="<self>" namespace="<none>" uri="{uri}"\n'


@pytest.mark.parametrize(("text", "kind", "user"), [(OF_1_4, "pod_evicted", EVICTOR), (LEGACY, "pod_delete_asked", "bob")])
def test_requests_and_their_answers(text: str, kind: str, user: str) -> None:
    assert formats.detect(text.encode(), "audit.log") is FORMAT
    batch = read(text)
    assert dict(batch.records.schema) == {k: v for k, v in RECORDS.items() if k != "source_id"}
    assert batch.records["message"].to_list() == [
        f"delete pods default/web-1 by {user}: RequestReceived",
        f"delete pods default/web-1 by {user}: 200",
    ]
    (event,) = understand(batch, FORMAT.family).rows(named=True)
    year = 2017 if text is OF_1_4 else 2018
    assert (event["kind"], event["k8s_namespace_name"], event["k8s_pod_name"], event["time"]) == (
        kind, "default", "web-1", datetime(year, 3, 21, 7, 57, 9, 106841, UTC),
    )  # fmt: skip
    assert json.loads(event["attributes"]) == {"user": user}


def test_what_was_refused_is_no_deletion() -> None:
    assert understand(read(OF_1_4.replace('response="200"', 'response="403"')), FORMAT.family).is_empty()
    assert understand(read(OF_1_4.split("\n", 1)[0]), FORMAT.family).is_empty()


@pytest.mark.parametrize(
    ("method", "uri", "message"),
    [
        ("GET", "/api/v1/nodes", "list nodes"),
        ("GET", "/api/v1/nodes?watch=true", "watch nodes"),
        ("GET", "/api/v1/nodes/n1", "get nodes n1"),
        ("PATCH", "/api/v1/nodes/n1/status", "patch nodes/status n1"),
        ("PUT", "/apis/apps/v1beta1/namespaces/d/deployments/web/scale", "update deployments/scale d/web"),
        ("POST", "/api/v1/namespaces/d/pods/web-1/eviction", "create pods/eviction d/web-1"),
        ("POST", "/api/v1/namespaces/d/pods", "create pods d"),
        ("DELETE", "/api/v1/namespaces/d/pods?x=1", "deletecollection pods d"),
        ("DELETE", "/api/v1/namespaces/d", "delete namespaces d"),
        ("GET", "/healthz?a=b", "get /healthz"),
    ],
)
def test_verbs_and_objects(method: str, uri: str, message: str) -> None:
    expected = message.replace("get /healthz", "list /healthz")  # nothing tells one from the other where there is no resource
    assert read(request(method, uri)).records["message"].to_list() == [f"{expected} by admin: RequestReceived"]


def test_answers_from_before_the_log() -> None:
    batch = read(OF_1_4.split("\n", 1)[1])
    assert batch.records["message"].to_list() == ["answer to a request before the log: 200"]
    assert understand(batch, FORMAT.family).is_empty()


def test_a_long_request_is_dated_when_it_was_answered() -> None:
    text = request("GET", "/api/v1/nodes?watch=true") + '2017-03-21T04:27:09Z AUDIT: id="a1" response="200"\n'
    assert read(text).records["time"].to_list() == [datetime(2017, 3, 21, h, m, 9, tzinfo=UTC) for h, m in ((3, 57), (4, 27))]


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(OF_1_4.replace("a1", f"a{n}") for n in range(20))
    whole = read(text)
    monkeypatch.setattr(audit_text, "chunks", lambda stream: chunks(stream, 300))
    assert read(text).records.equals(whole.records)


def test_others_are_not_recognised() -> None:
    assert not FORMAT.sniff(b"", "audit.log")
    assert not FORMAT.sniff(b'I0101 00:00:00.000000 1 a.go:1] AUDIT: id="a"\n', "audit.log")


@given(st.text('ab: \n"\\=T0Z', max_size=100), st.integers(0, 400))
def test_every_line_ends_somewhere(noise: str, place: int) -> None:
    text = OF_1_4[:place] + noise + OF_1_4[place:]
    batch = read(text)
    assert batch.records.height + batch.rejects.height == sum(1 for line in text.split("\n") if line.strip())
    understand(batch, FORMAT.family)
