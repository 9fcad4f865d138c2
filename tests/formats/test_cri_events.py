"""What crictl events prints."""

import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes.cri_events import FORMAT

ID = "8e70aae2ff8e8133993eb171999743a30dbcedb506843b737425590fbaec39ac"
SANDBOX = "033e09b61c7a807937605134985bcc3a6e45b126f347a36355044ad474f9aa2c"
POD = {"name": "web-6stbc", "uid": "1ee5fc76", "namespace": "default", "attempt": 0}
STOPPED = {
    "containerId": ID,
    "containerEventType": "CONTAINER_STOPPED_EVENT",
    "createdAt": "1795336794239402707",
    "podSandboxStatus": {"id": SANDBOX, "metadata": POD, "state": "SANDBOX_READY"},
    "containersStatuses": [
        {"id": "ffff", "metadata": {"name": "other"}, "state": "CONTAINER_EXITED", "exitCode": 1},
        {"id": ID, "metadata": {"name": "web", "attempt": 0}, "state": "CONTAINER_EXITED", "exitCode": 143},
    ],
}


def read(data: str) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data.encode()), ReadContext(2026)))
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_container(indent: int | None) -> None:
    data = "\n".join(json.dumps(e, indent=indent) for e in (STOPPED, {**STOPPED, "containersStatuses": []}))
    assert formats.detect(data.encode(), "x") is FORMAT
    batch = read(data)
    assert batch.rejects.is_empty()
    assert batch.records["message"].to_list() == [f"CONTAINER_STOPPED_EVENT {ID}"] * 2
    assert str(batch.records["time"][0]) == "2026-11-22 08:39:54.239402+00:00"
    whose = {"namespace": "default", "pod": "web-6stbc", "sandbox": SANDBOX, "uid": "1ee5fc76"}
    assert [json.loads(f) for f in batch.records["fields"]] == [{"container": "web", "exitCode": 143, **whose}, whose]


def test_a_sandbox_and_a_creation_without_its_type() -> None:
    created = {k: v for k, v in STOPPED.items() if k != "containerEventType"} | {"containerId": SANDBOX, "createdAt": 1795336794239402707}
    batch = read(json.dumps(created) + json.dumps({**STOPPED, "containerEventType": 1}))
    assert batch.records["message"].to_list() == [f"CONTAINER_CREATED_EVENT {SANDBOX}", f"CONTAINER_STARTED_EVENT {ID}"]
    assert json.loads(batch.records["fields"][0])["container"] == "POD"


def test_damage() -> None:
    wrong = [{"createdAt": "soon"}, {"createdAt": None}, {"containerEventType": "CONTAINER_BORED_EVENT"}, {"containerId": 3}]
    lines = [json.dumps({**STOPPED, **w}) for w in wrong]
    batch = read("\n".join([*lines, "[1]", json.dumps(STOPPED)[:50]]))
    assert batch.records.is_empty()
    assert batch.rejects["line"].to_list() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("other", ["", "{}", "[]", '{"containers": []}', '{"containerId": "00", "createdAt": "1"}'])
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "events.json")


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("\ud800")


@given(
    st.dictionaries(
        st.sampled_from(sorted(STOPPED)), LEAVES | st.lists(LEAVES) | st.dictionaries(st.sampled_from(["id", "metadata"]), LEAVES)
    )
)
def test_no_content_breaks_it(other: dict[str, Any]) -> None:
    batch = read(json.dumps({**STOPPED, **other}))
    assert batch.records.height + batch.rejects.height == 1
