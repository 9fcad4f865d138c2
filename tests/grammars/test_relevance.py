"""What is relevant: no event is lost by looking at nothing else, and what tells nothing is left out."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import grammars
from analyzer.formats.base import Batch, empty
from analyzer.grammars import REGISTRY, events_frame, relevant, understand
from analyzer.grammars.klog_rules import Rulebook
from analyzer.grammars.kubelet import RULES
from analyzer.grammars.relevance import any_of
from analyzer.vocabulary import RECORDS
from tests.grammars.test_understand import HEADER, MESSAGES, PIECES

WRITERS = st.sampled_from(
    [
        None,
        "kubelet",
        "systemd",
        "systemd-journald",
        "rsyslogd-2007",
        "dockerd",
        "containerd",
        "podman",
        "kube-scheduler",
        "sshd",
        "k3s",
        "",
    ]
)
WORDS = PIECES | st.sampled_from(
    [
        *("[7 lines suppressed]", "kubelet.service: Succeeded.", "Stopped kubelet.", "Succeeded.", "Started Kubernetes Kubelet."),
        *('time="2026-11-22T07:04:02.5Z" level=info msg="Kill container \\"aaaaaaaaaaaa\\""', "F1122 08:35:50.575931     697 a.go:1] no"),
        "2026-11-22 07:04:02.5 +0000 UTC m=+0.1 container died aaaaaaaaaaaa (image=x)",
    ]
)


def frame(rows: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    schema = empty(RECORDS).schema
    columns = {"record": list(range(len(rows))), "identifier": [w for w, _ in rows], "message": [m for _, m in rows]}
    return pl.DataFrame({c: columns.get(c, [None] * len(rows)) for c in schema}, schema=schema)


@pytest.mark.parametrize("family", ["journal", "klog", "container", "export"])
@given(st.lists(st.tuples(WRITERS, st.none() | WORDS | MESSAGES | MESSAGES.map(lambda m: HEADER + m)), max_size=4))
def test_nothing_else_is_needed(family: str, rows: list[tuple[str | None, str | None]]) -> None:
    records = frame(rows)
    parts = [grammar.understand(records, records) for grammar in REGISTRY[family]]
    of_all = pl.concat([events_frame([]), *parts]).sort("record", maintain_order=True)
    assert understand(Batch(records=records), family).equals(of_all)


@pytest.mark.parametrize("family", REGISTRY)
def test_a_mask_of_all_records(family: str) -> None:
    mask = relevant(frame([("kubelet", None), (None, "x"), ("systemd", "Created slice x.")]), family)
    assert mask.dtype == pl.Boolean
    assert mask.to_list() == [False, family == "cri", family == "cri"]
    assert relevant(empty(RECORDS), family).is_empty()


def test_what_tells_nothing_is_left_out() -> None:
    lines = ["Started Session 1 of user core.", HEADER + "SyncLoop (housekeeping)", HEADER + 'SyncLoop (ADD, "api"): "a_b(c)"']
    assert grammars.relevant(frame([("systemd", lines[0]), *(("kubelet", line) for line in lines)]), "journal").to_list() == [
        *(True, False, False, True)
    ]


@given(st.lists(st.text("ab.", min_size=1, max_size=4), min_size=1, max_size=6), st.text("abx.", max_size=8))
def test_one_pattern_for_all_literals(literals: list[str], text: str) -> None:
    assert pl.Series([text]).str.contains(any_of(tuple(literals)))[0] == any(literal in text for literal in literals)


BOOK = Rulebook(RULES)


@given(st.lists(st.none() | MESSAGES, min_size=1, max_size=3))
def test_the_same_rules_are_tried_in_few_messages_as_in_many(messages: list[str | None]) -> None:
    few = list(BOOK.tried(pl.Series(messages, dtype=pl.String)))
    assert list(BOOK.tried(pl.Series(messages * 50, dtype=pl.String)))[: len(messages)] == few
    assert few == [tuple(rule for rule in RULES if message and rule.literal in message) for message in messages]
