"""journalctl -o json: values of all shapes, and the fast way equals the slow one."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import ReadContext
from analyzer.formats.journals.journal_fields import KEPT, NEEDED, kept
from analyzer.formats.journals.journal_json import FORMAT, _decoded, _fast, _slow, decode
from analyzer.formats.lines import blocks

TIME = '"__REALTIME_TIMESTAMP":"1692663893803082"'


def read(text: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    batches = list(FORMAT.read(io.BytesIO(text.encode()), ReadContext(2023)))
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches])


def record(text: str) -> dict[str, Any]:
    records, rejects = read(text)
    assert rejects.is_empty()
    return records.row(0, named=True)


def test_a_line_of_process_1_speaks_of_a_unit() -> None:
    line = (
        '{"__CURSOR":"s=4","UNIT":"kubelet.service","_SYSTEMD_UNIT":"init.scope","SYSLOG_IDENTIFIER":"systemd","_COMM":"init","_PID":"1",'
        f'{TIME},"_SOURCE_REALTIME_TIMESTAMP":"1692663893803000","_BOOT_ID":"b","_HOSTNAME":"kind-worker","JOB_RESULT":"done",'
        '"MESSAGE":"Stopped kubelet: The Kubernetes Node Agent.","MESSAGE_ID":"9d1aaa27d60140bd96365438aad20286","INVOCATION_ID":"\\"x"}'
    )
    got = record(line)
    assert got == {
        "record": 0,
        "line": 1,
        "offset": 0,
        "time": datetime(2023, 8, 22, 0, 24, 53, 803000, UTC),
        "resolution_us": 1,
        "node": "kind-worker",
        "unit": "kubelet.service",
        "identifier": "systemd",
        "pid": 1,
        "boot_id": "b",
        "message": "Stopped kubelet: The Kubernetes Node Agent.",
        "fields": '{"MESSAGE_ID":"9d1aaa27d60140bd96365438aad20286","JOB_RESULT":"done","INVOCATION_ID":"\\"x"}',
        "raw": line,
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"plain"', "plain"),
        ("null", None),  # too long for journalctl without --all
        ("[27,91,51,49,109,114]", "\x1b[31mr"),
        ("[255,65]", "\ufffdA"),
        ('["first","last"]', "last"),
        ("[[65],null]", "A"),
        ('"[65]"', "[65]"),
        ('"a \\"MESSAGE\\":[65] b"', 'a "MESSAGE":[65] b'),
        ("[]", None),
    ],
)
def test_values(value: str, message: str | None) -> None:
    assert record(f'{{{TIME},"MESSAGE":{value}}}')["message"] == message


def test_old_versions_write_blanks() -> None:
    assert record('{ "__REALTIME_TIMESTAMP" : "1534860261221373", "_COMM" : "su", "SYSLOG_PID" : "7" }')["pid"] == 7


@pytest.mark.parametrize(
    ("line", "reason"),
    [("nonsense", "not JSON"), ("[1]", "not a JSON object"), ('{"MESSAGE":"x"}', "__REALTIME_TIMESTAMP"), ('{"MESSAGE":"x', "not JSON")],
)
def test_what_cannot_be_read_is_kept(line: str, reason: str) -> None:
    records, rejects = read(f'{{{TIME},"MESSAGE":"a"}}\n\n{line}\n{{{TIME},"MESSAGE":[66]}}\n')
    assert records["message"].to_list() == ["a", "B"]
    assert records["record"].to_list() == [0, 1]
    assert rejects.select("line", "offset", "raw").row(0) == (3, len(TIME) + 18, line)
    assert reason in rejects["reason"][0]


@pytest.mark.parametrize(
    "text",
    [
        '\x1e{%s,"MESSAGE":"a"}\n\x1e{%s,"MESSAGE":"b"}\n',
        'data: {%s,"MESSAGE":"a"}\n\ndata: {%s,"MESSAGE":"b"}\n\n',
        '{\n\t%s,\n\t"MESSAGE" : "a"\n}\n{\n\t%s,\n\t"MESSAGE" : "b"\n}\n',
    ],
)
def test_json_seq_json_sse_and_json_pretty(text: str) -> None:
    text = text % (TIME.replace(":", " : "), TIME.replace(":", " : "))
    assert FORMAT.sniff(text.encode(), "")
    assert read(text)[0]["message"].to_list() == ["a", "b"]


WORDS = st.sampled_from(["null", "[1]", "{}", "\x1b[0m", '\\"', ""])
VALUES = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=20), WORDS)
ODD = st.one_of(st.lists(st.integers(0, 255), max_size=4), st.lists(VALUES, max_size=3), st.integers(), st.booleans())
NAMES = st.sampled_from([*NEEDED, "OTHER", 'O"DD'])


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=6), max_size=6), st.booleans(), st.booleans())
def test_the_fast_way_equals_the_slow_one(entries: list[dict[str, Any]], ascii_only: bool, blanks: bool) -> None:
    separators = (", ", " : ") if blanks else (",", ":")
    raw = pl.Series([json.dumps(e, ensure_ascii=ascii_only, separators=separators) for e in entries], dtype=pl.String)
    fast = _fast(raw)
    assert fast is not None
    assert fast.equals(_slow(raw))


@given(st.lists(st.dictionaries(NAMES, st.one_of(VALUES, ODD), max_size=4).map(json.dumps), max_size=9), st.integers(1, 200))
def test_bytes_are_decoded_as_their_lines_are(lines: list[str], size: int) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    for block in blocks(io.BytesIO(text), size):
        assert _decoded(block).equals(block[0].hstack(_slow(block[0]["raw"])))


@given(st.lists(st.one_of(st.dictionaries(NAMES, st.one_of(VALUES, ODD), max_size=4).map(json.dumps), st.text(max_size=5)), max_size=6))
def test_any_mixture_equals_the_slow_way(lines: list[str]) -> None:
    raw = pl.Series(lines, dtype=pl.String)
    assert decode(raw).equals(_slow(raw))


def test_only_journals_are_recognised() -> None:
    assert FORMAT.sniff(f'noise\n{{"A":"b",{TIME}}}\n'.encode(), "")
    assert not FORMAT.sniff(b'{"ts":1795337558537.461,"caller":"a.go:1","msg":"x"}\n', "")
    assert not FORMAT.sniff(b"__CURSOR=s\n__REALTIME_TIMESTAMP=1692663893803082\n", "")


@given(st.lists(st.dictionaries(st.sampled_from(KEPT), st.text(st.characters(codec="utf-8"), max_size=8), max_size=4), max_size=5))
def test_kept_fields_are_json(entries: list[dict[str, str]]) -> None:
    got = kept(pl.DataFrame(entries, schema=dict.fromkeys(KEPT, pl.String)))
    assert [json.loads(text) if text else {} for text in got] == entries
