"""klog's lines: every rendering read back, and no text that could break the reader."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.evidence import walk
from analyzer.formats.base import ReadContext
from analyzer.grammars import klog
from tests.grammars import go

HEADER = "I1122 08:35:50.575931     697 kubelet.go:2114] "
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,5})?/[a-z0-9]{1,8}(\.[a-z0-9]{1,5})?", fullmatch=True)
BARE = st.from_regex(r"[A-Za-z0-9:./+-]{0,12}", fullmatch=True)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: isinstance(value, list | dict))


def line(message: str, pairs: list[tuple[str, str]]) -> str:
    return HEADER + go.quote(message) + "".join(f" {key}={value}" for key, value in pairs)


def parsed(text: str) -> klog.Klog:
    found = klog.parse(text)
    assert found is not None
    return found


@given(TEXTS | TEXTS.map(HEADER.__add__) | TEXTS.map(lambda t: f'{HEADER}"m" k={t}') | TEXTS.map(lambda t: '{"ts":1,"msg":' + t))
def test_any_text_is_a_line_or_none(text: str) -> None:
    found = klog.parse(text)
    if found is not None:
        for key in found.values:
            found.text(key), found.items(key), found.struct(key)


@given(TEXTS.filter(lambda t: not t.startswith('"')))
def test_a_message_without_quotes_is_the_whole_body(body: str) -> None:
    found = parsed(HEADER + body)
    assert (found.message, found.structured, found.values) == (body.rstrip("\n"), False, {})


def test_the_header() -> None:
    found = parsed("E0102 03:04:05.000006 1234567 k8s.io/a/b.go:7] x")
    assert (found.severity, found.month, found.day, found.clock) == ("E", 1, 2, "03:04:05.000006")
    assert (found.thread, found.file, found.message) == (1234567, "b.go", "x")


@given(TEXTS, st.dictionaries(KEYS, TEXTS, max_size=4))
def test_quoted_values_come_back(message: str, values: dict[str, str]) -> None:
    found = parsed(line(message, [(k, go.quote(v)) for k, v in values.items()]))
    assert (found.message, found.structured, found.values) == (message, True, values)


@given(st.dictionaries(KEYS, BARE, max_size=4))
def test_bare_values_come_back(values: dict[str, str]) -> None:
    assert parsed(line("m", list(values.items()))).values == values


@given(DOCUMENTS, TEXTS)
def test_json_values_come_back(document: object, after: str) -> None:
    found = parsed(line("m", [("a", json.dumps(document, ensure_ascii=False)), ("b", go.quote(after))]))
    assert found.values == {"a": document, "b": after}


@given(TEXTS, TEXTS)
def test_values_of_several_lines_hide_nothing(text: str, after: str) -> None:
    inside = re.sub(r"[\r\v\f\x1c-\x1e\x85\u2028\u2029]", "", text)
    found = parsed(line("m", [("err", go.lines(inside)), ("b", go.quote(after))]))
    assert found.values == {"err": go.lines(inside), "b": after}


@pytest.mark.parametrize("era", ["plain", "quoted", "json"])
@given(names=st.lists(NAMES, max_size=4))
def test_lists_of_pods_in_each_era(era: str, names: list[str]) -> None:
    assert parsed(line("SyncLoop ADD", [("source", '"api"'), ("pods", go.pods(names, era))])).items("pods") == names


@pytest.mark.parametrize("era", ["plain", "json"])
@given(uid=st.uuids(), data=st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_pleg_events_in_each_era(era: str, uid: object, data: str) -> None:
    found = parsed(line("m", [("pod", '"a/b"'), ("event", go.pleg(str(uid), "ContainerDied", data, era)), ("c", "1")]))
    assert found.struct("event") == {"ID": str(uid), "Type": "ContainerDied", "Data": data}
    assert found.text("c") == "1"


WORDS = st.from_regex(r"[A-Za-z0-9:./=+-]{1,8}", fullmatch=True)
STRUCTS = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda i: "[" + " ".join(i) + "]")
        | st.lists(inner, max_size=3).map(lambda i: "map[" + " ".join(f"k:{v}" for v in i) + "]")
        | st.lists(inner, max_size=3).map(lambda i: "&{" + " ".join(f"Field:{v}" for v in i) + "}")
    ),
    max_leaves=8,
)


@given(STRUCTS, TEXTS)
def test_structs_of_go_hide_nothing(value: str, after: str) -> None:
    """%+v of lists, maps and structs: blanks, and words that look like further keys, inside of brackets."""
    try:
        meant = json.loads(value) if value[0] in "[{" else value
    except ValueError:
        meant = value
    found = parsed(line("m", [("a", value), ("b", go.quote(after))]))
    assert found.values == {"a": meant, "b": after}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a=map[app:web k=v:d e] b=1", {"a": "map[app:web k=v:d e]", "b": "1"}),
        ('a="(MISSING)" b=1', {"a": "(MISSING)", "b": "1"}),
        ('a="h\\x00\\u00e9" b=1m30.5s', {"a": "h\x00é", "b": "1m30.5s"}),
        ("a= b=<nil> c=", {"a": "", "b": "<nil>", "c": ""}),
        ('a=1 a=2 logger="node-lease"', {"a": "1", "logger": "node-lease"}),
        (
            "condition={Type:Ready LastHeartbeatTime:2023-08-22 00:23:09.64 +0000 UTC m=+0.51 Message:[not ready, PLEG]} b=1",
            {"condition": "{Type:Ready LastHeartbeatTime:2023-08-22 00:23:09.64 +0000 UTC m=+0.51 Message:[not ready, PLEG]}", "b": "1"},
        ),
        ('err="a b=\\"c\\" d', {"err": '"a b=\\"c\\" d'}),  # cut by journald: it is all one value
        ("err=<\n\ta=1\n\tb=2", {"err": "<\n\ta=1\n\tb=2"}),
        ("a=[x b=1", {"a": "[x", "b": "1"}),
    ],
)
def test_values_as_they_are_written(written: str, meant: dict[str, str]) -> None:
    assert parsed(HEADER + '"m" ' + written).values == meant


@pytest.mark.parametrize("where", ["kubelet/kubelet.go:2114", "pkg/kubelet/kubelet.go:2114", "???:1", "kubelet.go:2114"])
@pytest.mark.parametrize("thread", ["00001", "     12", "12345678", "      1"])
def test_headers(where: str, thread: str) -> None:
    found = parsed(f"W1122 08:35:50.575931 {thread} {where}] x")
    assert (found.severity, found.thread, found.file) == ("W", int(thread), where.split(":")[0].split("/")[-1])


@given(TEXTS, st.dictionaries(KEYS, DOCUMENTS | TEXTS, max_size=3))
def test_json_logging(message: str, values: dict[str, object]) -> None:
    document = {"ts": 1795337468067.0896, "caller": "kubelet/kubelet.go:2114", "v": 2, **values, "msg": message + "\n"}
    found = parsed(json.dumps({"ts": document.pop("ts"), **document, "msg": message + "\n"}))
    assert found.message == message.rstrip("\n")
    assert {key: found.values[key] for key in values if key != "msg"} == {k: v for k, v in values.items() if k != "msg"}


def test_object_references() -> None:
    found = parsed('{"ts":1,"msg":"m","pod":{"name":"a","namespace":"n"},"node":{"name":"x"},"none":null,"empty":{}}')
    assert [found.text(key) for key in ("pod", "node", "none", "empty", "absent")] == ["n/a", "x", None, None, None]


@pytest.mark.parametrize(
    "body",
    [
        *("a=&{ ", "a={ ", 'a="\\" ', "a=<\n", "a=<\n x\n", "a=[ ", 'a={"', "a=[[", '"\\', "x", "a=(", "a=[1,", "a=} ", "a=[] ", 'a="b" '),
        *('a=" ', 'a=[" ', '" a=[ ', "a=map[b:c ", 'a=[["b"],', 'a={"b":[', 'a=x"[ ', "a=/", "="),
    ],
)
def test_hostile_lines_take_no_long_time(body: str) -> None:
    before = process_time()
    klog.parse(HEADER + '"SyncLoop ADD" ' + body * (48 * 1024 // len(body)))
    assert process_time() - before < 5


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),
    st.integers(-48, 56),
    st.integers(0, 999_999),
)
def test_the_header_refines_a_time_of_whole_seconds(moment: datetime, quarters: int, late: int) -> None:
    true = moment.replace(tzinfo=UTC)
    local = true + timedelta(minutes=15 * quarters)
    found = parsed(f"I{local:%m%d %H:%M:%S.%f}     697 a.go:1] x")
    written = (true + timedelta(microseconds=late)).replace(microsecond=0)
    assert klog.refine(found, written) == true


def test_a_header_of_another_day_refines_nothing() -> None:
    found = parsed("I1122 08:35:50.575931     697 a.go:1] x")
    assert klog.refine(found, datetime(2026, 11, 25, 8, 35, 50, tzinfo=UTC)) is None
    assert klog.refine(found, datetime(2026, 11, 22, 8, 35, 40, tzinfo=UTC)) is None
    assert klog.refine(parsed("I0229 08:35:50.575931     697 a.go:1] x"), datetime(2026, 3, 1, tzinfo=UTC)) is None


# --- every line of the optional corpus, against a tokenizer of another make

_PAIR = re.compile(r" ([A-Za-z_][\w./-]*)=")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def tokens(body: str) -> dict[str, str] | None:
    """Keys and values as written, counting brackets; None where something is left over."""
    first = _STRING.match(body)
    at = first.end() if first else 0
    found: dict[str, str] = {}
    while at < len(body):
        pair = _PAIR.match(body, at)
        if pair is None:
            return None
        begin = at = pair.end()
        string = _STRING.match(body, at)
        if string is not None:
            at = string.end()
        elif body.startswith("<\n", at):
            at = body.index("\n >", at) + 3
        else:
            depth = 0
            while at < len(body) and (depth > 0 or body[at] != " "):
                inside = _STRING.match(body, at) if depth > 0 else None
                depth += (body[at] in "[{(") - (body[at] in "]})")
                at = inside.end() if inside else at + 1
        found.setdefault(pair[1], body[begin:at])
    return found


def test_every_klog_line_of_the_corpus(corpus: Path) -> None:
    lines = structured = wrong = 0
    for source in walk([corpus / "samples" / "kubelet", corpus / "samples" / "bundles", corpus / "samples" / "controller"]):
        with source.open() as stream:
            known = formats.detect(stream.read(formats.HEAD), source.name)
        if known is None or known.family not in ("journal", "klog"):
            continue
        with source.open() as stream:
            messages = [m for batch in known.read(stream, ReadContext(2026)) for m in batch.records["message"].drop_nulls().to_list()]
        for message in messages:
            if not re.match(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} ", message):
                continue
            lines += 1
            found = parsed(message)
            assert None not in (found.severity, found.clock, found.file)
            if found.structured:
                structured += 1
                written = tokens(message.split("] ", 1)[1].rstrip("\n"))
                meant = {k: klog.unquote(v) if v.startswith('"') else v for k, v in (written or {}).items()}
                texts = {k: v for k, v in found.values.items() if isinstance(v, str)}
                wrong += written is None or list(meant) != list(found.values) or any(meant[k] != v for k, v in texts.items())
    assert structured > 0
    assert wrong <= structured / 1000, (lines, structured, wrong)
