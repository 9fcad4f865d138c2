"""What every grammar uses: names of pods, ids of containers, numbers, the table of events."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import empty
from analyzer.grammars.base import container_id, events_frame, integer, located, one_line, one_lines, pod_columns, pod_list, position
from analyzer.vocabulary import RECORDS, TEXT_LIMIT

NAME = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,12}[a-z0-9])?", fullmatch=True)
NAMESPACE = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)
UID = st.uuids().map(str) | st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
IDS = st.from_regex(r"[0-9a-f]{64}|[0-9a-f]{12}", fullmatch=True)
ANY = st.text(st.characters(exclude_categories=["Cs"]))


@given(NAME, NAMESPACE, UID)
def test_a_pod_in_each_era(name: str, namespace: str, uid: str) -> None:
    both = {"k8s_pod_name": name, "k8s_namespace_name": namespace}
    assert pod_columns(f"{name}_{namespace}({uid})") == {**both, "k8s_pod_uid": uid}
    assert pod_columns(f"{name}_{namespace}") == {**both, "k8s_pod_uid": None}
    assert pod_columns(f'"{namespace}/{name}"') == both
    assert pod_columns(name) == {"k8s_pod_name": name}


@given(st.lists(st.tuples(NAME, NAMESPACE, UID), max_size=4), st.sampled_from(["", ":DeletionTimestamp=2016-03-16T12:34:56Z"]))
def test_a_list_of_pods(pods: list[tuple[str, str, str]], mark: str) -> None:
    text = ", ".join(f"{name}_{namespace}({uid}){mark}" for name, namespace, uid in pods)
    expected = [{"k8s_pod_name": n, "k8s_namespace_name": s, "k8s_pod_uid": u} for n, s, u in pods]
    assert pod_list(text) == expected


@given(st.lists(st.tuples(NAME, NAMESPACE), max_size=4))
def test_a_list_of_pods_without_uids(pods: list[tuple[str, str]]) -> None:
    found = pod_list(", ".join(f"{name}_{namespace}" for name, namespace in pods))
    assert [(p["k8s_pod_name"], p["k8s_namespace_name"], p["k8s_pod_uid"]) for p in found] == [(n, s, None) for n, s in pods]


@given(IDS, st.sampled_from(["", "docker://", "containerd://", "cri-o://"]), st.sampled_from(["", " /", " api default/api-1"]))
def test_a_container_in_each_era(identity: str, scheme: str, more: str) -> None:
    assert container_id(f"{scheme}{identity}{more}") == identity
    assert container_id(f'"{scheme}{identity}{more}"') == identity


@given(ANY)
def test_any_text_is_something_or_none(text: str) -> None:
    found = container_id(text)
    assert found is None or 12 <= len(found) <= 64
    assert isinstance(pod_columns(text), dict)
    assert isinstance(pod_list(text), list)
    number = integer(text)
    assert number is None or abs(number) < 2**63


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("-1", -1), (137, 137), ("²", None), ("٣", None), ("--5", None), ("", None), (None, None)]
)
def test_integers(text: object, number: int | None) -> None:
    assert integer(text) == number


@given(ANY)
def test_evidence_is_one_line_of_bounded_length(text: str) -> None:
    shown = one_line(text)
    assert "\n" not in shown
    assert len(shown) <= TEXT_LIMIT


def test_the_table_of_events() -> None:
    frame = events_frame([{"kind": "api_event", "message": "a\nb", "attributes": {"b": 1, "a": None}}, {"kind": "api_event"}])
    assert frame["text"].to_list() == ["a b", ""]
    assert frame["attributes"].to_list() == ['{"a":null,"b":1}', None]
    assert events_frame([]).is_empty()


@given(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n \x1c\x85\u3000"), max_size=12),
    st.sampled_from([1, TEXT_LIMIT // 3]),
)
def test_evidence_in_columns_is_the_same_line(text: str, times: int) -> None:
    frame = pl.DataFrame({"message": [text * times]})
    assert frame.select(one_lines(pl.col("message"))).item() == one_line(text * times)


RECORD = {"record": 3, "line": 7, "offset": 90, "resolution_us": 1, "node": "a", "pid": 5, "message": " said\n"}
ROW = st.fixed_dictionaries(
    {"kind": st.just("api_event")},
    optional={
        "node": st.none() | st.just("b"),
        "component": st.just("api"),
        "resolution_us": st.just(9),
        "message": st.none() | st.just("m"),
        "attributes": st.none() | st.dictionaries(st.sampled_from("ba"), st.none() | st.integers(0, 3)),
        "value": st.none() | st.integers(0, 9),
        "text": st.none() | st.just("t\nt"),
    },
)


@given(st.lists(st.tuples(st.integers(0, 2), ROW), max_size=5))
def test_rows_by_place_are_rows_with_all_that_their_record_says(rows: list[tuple[int, dict[str, object]]]) -> None:
    schema = empty(RECORDS).schema
    said = [RECORD | {"record": n} for n in range(3)]
    records = pl.DataFrame({c: [r.get(c) for r in said] for c in schema}, schema=schema)
    full = [{**position(r), "message": r["message"]} for r in records.to_dicts()]
    expected = [{**full[at], "component": "kubelet", **row} for at, row in rows]
    assert located(records, iter(rows), "kubelet").equals(events_frame([dict(row) for row in expected]))
