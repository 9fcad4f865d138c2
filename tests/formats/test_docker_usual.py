"""Docker's usual events are read in a quicker way, which takes nothing else and makes the same of them."""

import io
import json
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.formats.base import ReadContext
from analyzer.formats.runtimes import docker_json

STRICT = msgspec.json.Decoder(docker_json._Event[dict[str, Any] | None]).decode
KEYS = [*docker_json._USUAL, "io.kubernetes.other", "annotation.io.kubernetes.container.ports", "maintainer", "", 'a"io.kubernetes.b']
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = (
    st.text()
    | st.sampled_from(['"io.kubernetes.', "\\", "\x00\x1f\x7f", "é\U0001f600"])
    | st.none()
    | NUMBERS
    | st.lists(st.text(), max_size=2)
)
ATTRIBUTES = st.lists(st.tuples(st.sampled_from(KEYS), st.text() | VALUES), max_size=6)
TEXTS = st.sampled_from(["container", "die", "exec_start: sh -c 'é'", "", "9c0d"])


def found(line: str, way: str) -> docker_json.Found | None:
    if way == "usual":
        return docker_json._usual(line)
    try:
        return docker_json._understand(STRICT(line))
    except ValueError:
        return None


def pairs(members: list[tuple[str, Any]], ascii_only: bool) -> str:
    """A JSON object that may have a key twice."""
    return "{" + ",".join(f"{json.dumps(k, ensure_ascii=ascii_only)}:{json.dumps(v, ensure_ascii=ascii_only)}" for k, v in members) + "}"


@given(ATTRIBUTES, TEXTS, TEXTS, TEXTS, st.sampled_from([0, 1, -1, 1609840802345678901, 2**70, 1.5, "1"]), st.booleans())
@example([("image", "a"), ("image", "b")], "container", "die", "9c0d", 1, False)
@example([("io.kubernetes.pod.name", "a"), ("io.kubernetes.pod.name", "b")], "container", "die", "9c0d", 1, False)
@example([("image", 1), ("image", "b")], "container", "die", "9c0d", 1, False)
def test_the_same_or_nothing(attributes: list[tuple[str, Any]], kind: str, action: str, identity: str, time: Any, ascii_only: bool) -> None:
    actor = f'{{"ID":{json.dumps(identity)},"Attributes":{pairs(attributes, ascii_only)}}}'
    line = f'{{"Type":"{kind}","Action":{json.dumps(action, ensure_ascii=ascii_only)},"Actor":{actor},"timeNano":{json.dumps(time)}}}'
    usual = found(line, "usual")
    assert usual is None or usual == found(line, "strict")
    batch = next(docker_json.FORMAT.read(io.BytesIO(line.encode()), ReadContext(2026)))
    read = batch.records.select(pl.col("time").cast(pl.Int64), "resolution_us", "message", "fields").rows()
    strict = found(line, "strict")
    assert read == ([] if strict is None or strict[0] >= 2**63 else [strict])


@pytest.mark.parametrize(
    "attributes", [{}, {"maintainer": "x"}, dict.fromkeys(docker_json._USUAL, 'a"b'), {"name": "é", "exitCode": "0", "ports": '[{"a":1}]'}]
)
def test_the_usual_goes_the_quick_way(attributes: dict[str, str]) -> None:
    event = {"Type": "container", "Action": "die", "Actor": {"ID": "9c0d", "Attributes": attributes}, "timeNano": 1609840802345678901}
    line = json.dumps(event, ensure_ascii=False)
    assert found(line, "usual") == found(line, "strict") is not None


@pytest.mark.parametrize("attributes", ['{"io.kubernetes.new":"x"}', '{"io.kubernete\\u0073.new":"x"}', '{"image":5}', "null", "5"])
def test_the_unusual_does_not(attributes: str) -> None:
    line = f'{{"Type":"container","Action":"die","Actor":{{"ID":"9c0d","Attributes":{attributes}}},"timeNano":1609840802345678901}}'
    if "\\u" not in line:
        assert found(line, "usual") is None
    batch = next(docker_json.FORMAT.read(io.BytesIO(line.encode()), ReadContext(2026)))
    strict = found(line, "strict")
    assert batch.records["fields"].to_list() == ([] if strict is None else [strict[3]])
