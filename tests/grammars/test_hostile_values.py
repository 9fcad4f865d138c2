"""Values that make a pattern start again from each character: one that does takes minutes here, one that does not no time."""

import re

import pytest

from analyzer.formats.kubernetes import kubernetes_table
from analyzer.grammars import api_event, docker, facts, klog, kubelet_pods

_MANY = 300_000


@pytest.mark.parametrize("unit", ["a", "a:", "{", "a:b ", "a{"])
def test_a_struct_of_any_length(unit: str) -> None:
    line = klog.Klog("", True, values={"pod": unit * _MANY})
    assert set(line.struct("pod")) <= {"a"}


@pytest.mark.parametrize("unit", ["1", ".", "1.", "1x"])
def test_a_duration_of_any_length(unit: str) -> None:
    assert facts.go_seconds(unit * _MANY) is None


@pytest.mark.parametrize(
    ("pattern", "unit"),
    [
        (api_event._TERMINATED, "a"),
        (api_event._TERMINATED, "a(a"),
        (api_event._CONTAINER, "{"),
        (api_event._CONTAINER, "{a"),
        (docker._SHORTENED, "a"),
        (docker._SHORTENED, "0f"),
        (kubelet_pods._MARKED_POD, "a"),
        (kubelet_pods._MARKED_POD, "="),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_text_in_which_nothing_is_found(pattern: re.Pattern[str], unit: str) -> None:
    assert pattern.search(unit * _MANY) is None


def test_pods_whose_brackets_do_not_end() -> None:
    assert sum(1 for _ in kubelet_pods._MARKED_POD.finditer("a_b(" * _MANY)) == _MANY


def test_cells_whose_brackets_do_not_end() -> None:
    assert kubernetes_table._cells("a (" * _MANY, (("NAME", 0), ("AGE", 7))) is None
