"""The daemons' own lines, whatever damage did to them."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.grammars.runtime_log import RULES, LogRule, parse, understand
from analyzer.vocabulary import RECORDS
from tests.golden import golden as blocks

GOLDEN = list(blocks.load(Path(blocks.__file__).parent))

ID = "8e70aae2ff8e8133993eb171999743a30dbcedb506843b737425590fbaec39ac"
MESSAGES = [
    "shim disconnected", "Started container", "containerd: process exited", "ignoring event",
    "Container failed to exit within 10s of signal 15 - x",
    f"Removed container {ID}: a/b/c", f'received exit event container_id:"{ID}" id:"{ID}" exit_status:1', "Starting up", "",
]  # fmt: skip
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([ID, "init", "/tasks/delete", "k8s.io", "a/b/c"])


def records(lines: list[str]) -> pl.DataFrame:
    schema = {name: dtype for name, dtype in RECORDS.items() if name != "source_id"}
    told = {"message": lines, "record": list(range(len(lines))), "identifier": ["dockerd"] * len(lines)}
    return pl.DataFrame({name: told.get(name, [None] * len(lines)) for name in schema}, schema=schema)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(MESSAGES) | st.text(max_size=5),
            st.dictionaries(
                st.sampled_from(["id", "container", "containerID", "description", "namespace", "topic", "pid", "status", "time"]),
                VALUES | st.lists(VALUES, max_size=2),
            ),
        ),
        max_size=5,
    )
)
def test_no_value_breaks_it(lines: list[tuple[str, dict[str, object]]]) -> None:
    events = understand(records([json.dumps({**values, "msg": message, "level": "info"}, ensure_ascii=True) for message, values in lines]))
    assert events.height <= len(lines)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=f"{number}-{rule.literal}") for number, rule in enumerate(RULES)])
def test_every_rule_has_a_golden_line(rule: LogRule) -> None:
    lines = (parse(golden.raw) for golden in GOLDEN if rule.literal in golden.raw)
    assert any(line is not None and list(rule.build(line)) for line in lines)
