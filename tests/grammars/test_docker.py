"""What docker's records tell, also where damage made something else of what they hold."""

from typing import Any

import orjson
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import empty
from analyzer.formats.runtimes.docker_names import LABELS, identify
from analyzer.grammars import docker
from analyzer.grammars.base import container_id, integer
from analyzer.vocabulary import RECORDS

IDS = st.sampled_from(["ab" * 32, "ab" * 6, "abc", f"{'ab' * 10}...", "ab" * 40, "0123456789ab.."])
VALUES = (
    st.text(max_size=5)
    | st.sampled_from(["137", "-1", "9" * 19, "k8s_web_web-1_default_u1_0"])
    | st.integers(-(2**63), 2**64 - 1)
    | st.none()
    | st.booleans()
    | st.floats()
)
ATTRIBUTES = st.none() | st.dictionaries(st.sampled_from([*docker._ATTRIBUTES, "other"]), VALUES, max_size=5)
TOLD = st.tuples(st.sampled_from(list(docker._ACTIONS)), IDS, ATTRIBUTES)


@given(st.lists(TOLD, max_size=5))
def test_one_by_one(told: list[tuple[str, str, dict[str, Any] | None]]) -> None:
    texts = [None if attributes is None else orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS).decode() for *_, attributes in told]
    messages = [f"container {action} {identity}" for action, identity, _ in told]
    records = pl.DataFrame(
        {"message": messages, "fields": texts, "identifier": ["docker"] * len(told)}, schema_overrides={"fields": pl.String}
    )
    events = docker.understand(pl.concat([empty(RECORDS), records.cast({"message": pl.String, "identifier": pl.String})], how="diagonal"))
    assert events.height == len(told)
    for (action, identity, _), text, event in zip(told, texts, events.iter_rows(named=True), strict=True):
        attributes = orjson.loads(text or "{}")
        shown = ", ".join(f"{key}={attributes[key]}" for key in docker._SHOWN if key in attributes)
        assert event["kind"] == docker._ACTIONS[action]
        assert event["text"] == " ".join(f"container {action} {identity} ({shown})".split("\n"))
        assert event["value"] == integer(attributes.get(docker._VALUES.get(action, "")))
        assert event["container_id"] == container_id(docker._SHORTENED.sub(r"\1", identity))
        assert {column: event[column] for column in LABELS} == dict.fromkeys(LABELS) | identify(attributes)
