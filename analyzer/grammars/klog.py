"""klog and glog lines: the header, and the message in each rendering (free text, quoted key=value, JSON).

Header ``Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg`` since glog (klog FormatHeader). Structured text since klog 2.2
(Kubernetes 1.19); how slices and structs are printed changed four times, so values are read generically.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson

HEADER = re.compile(
    r"(?P<severity>[IWEF])(?P<month>\d\d)(?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d\.\d{6})\s+(?P<thread>\d{1,18}) "
    r"(?P<file>[^\s:\]]+):(?P<line>\d+)\] "
)
BULK_HEADER = r"^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6}\s+(\d{1,18}) ([^\s:\]]+):(\d+)\] "
"""The same for whole columns at once: severity, thread, file, line."""
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_MESSAGE = re.compile(rf"({_QUOTED})(?: |$)")
_KEY = re.compile(r"(?<!\S)([A-Za-z_][\w./-]*)=")
_SIMPLE = re.compile(r'([A-Za-z_][\w./-]*)=(?:"([^"\\]*)"|([^\s"<\[\]{}()]+))(?: |$)')
"""What most pairs are: nothing in it is escaped or bracketed, and one blank follows."""
_CLOSED = re.compile(_QUOTED, re.DOTALL)
_WORD = re.compile(r"[^\s\[\]{}()]*")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}()]', re.DOTALL)
_OPENING = {"]": "[", "}": "{", ")": "("}
_REST = re.compile(r"\S*")
_MEMBER = re.compile(r"(?<!\w)(\w+):([^\s}]*)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}


class Klog:
    """One line. ``message`` is the quoted text of a structured line, or the whole body of an unstructured one.

    ``values``: of a key that is written twice the first counts, which no value can forge (in JSON logging: the last).
    ``writer``, ``host``: the syslog identifier and the node of the record around it, where it has them.
    What few rules ask for is taken apart when it is asked for.
    """

    __slots__ = ("_file", "_header", "_rest", "_values", "host", "message", "structured", "writer")

    def __init__(
        self,
        message: str,
        structured: bool,
        writer: str | None = None,
        host: str | None = None,
        header: re.Match[str] | None = None,
        rest: tuple[str, int] | None = None,
        file: str | None = None,
        values: dict[str, Any] | None = None,
    ) -> None:
        self.message = message
        self.structured = structured
        self.writer = writer
        self.host = host
        self._header = header
        self._rest = rest
        self._file = file
        self._values = values

    @property
    def values(self) -> dict[str, Any]:
        if self._values is None:
            self._values = {}
            for key, value in _pairs(*self._rest) if self._rest is not None else ():
                self._values.setdefault(key, value)
        return self._values

    @property
    def severity(self) -> str | None:
        return self._header["severity"] if self._header is not None else None

    @property
    def file(self) -> str | None:
        return self._header["file"].rsplit("/", 1)[-1] if self._header is not None else self._file

    @property
    def month(self) -> int | None:
        return int(self._header["month"]) if self._header is not None else None

    @property
    def day(self) -> int | None:
        return int(self._header["day"]) if self._header is not None else None

    @property
    def clock(self) -> str | None:
        return self._header["clock"] if self._header is not None else None

    @property
    def thread(self) -> int | None:
        return int(self._header["thread"]) if self._header is not None else None

    def text(self, key: str) -> str | None:
        """A value as text; object references of JSON logging become ``namespace/name``."""
        return _as_text(self.values.get(key))

    def items(self, key: str) -> list[str]:
        """A list value (``pods=[a b]``, ``"[a b]"``, ``["a","b"]``) as texts."""
        value = self.values.get(key)
        if isinstance(value, list):
            return [t for t in map(_as_text, value) if t]
        text = str(value or "").strip()
        if not (text.startswith("[") and text.endswith("]")):
            return [text] if text else []
        return [part.strip('"') for part in re.split(r"[,\s]+", text[1:-1]) if part]

    def struct(self, key: str) -> dict[str, str]:
        """A struct value: Go's ``&{ID:a Type:b Data:c}`` or JSON."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return {k: str(v) for k, v in value.items()}
        text = str(value or "")
        members = _MEMBER.finditer(text)
        return {member[1]: member[2] for member in members if member.end() < len(text)}  # else it was cut off


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        name, namespace = value.get("name"), value.get("namespace")
        return f"{namespace}/{name}" if name and namespace else name
    return str(value)


def unquote(text: str) -> str:
    """Undo Go's %q. What is no escape of Go's is left as it stands."""
    return _ESCAPE.sub(_unescape, text[1:-1]) if "\\" in text else text[1:-1]


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if not digits:
        return _LETTERS.get(match[4], match[0])
    code = int(digits, 16)
    return chr(code) if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else match[0]


def parse(text: str, writer: str | None = None, host: str | None = None) -> Klog | None:
    """The line as klog wrote it, or None if it is no klog line. ``writer``, ``host``: of the record around it."""
    header = HEADER.match(text)
    if header is None:
        return _parse_json(text, writer, host) if text.startswith("{") else None
    body = text[header.end() :].rstrip("\n")
    quoted = _MESSAGE.match(body) if body[:1] == '"' else None
    if quoted is None:
        return Klog(body, False, writer, host, header)
    return Klog(unquote(quoted[1]), True, writer, host, header, (body, quoted.end()))


def _pairs(body: str, at: int) -> Iterator[tuple[str, Any]]:
    """key=value from ``at`` on: JSON (1.27+) as what it means, quoted text as the text, all else as it stands.

    A value that is broken off (journald cuts long lines) is all that is left. Every step goes on where the last one ended.
    """
    ends: dict[int, int] | None = None
    bare = -1  # where the first value without quotes begins: brackets are counted from there
    simple = _SIMPLE.match(body, at)
    while key := simple or _KEY.search(body, at):
        at = key.end()
        if simple is not None:
            bare = key.start(3) if bare < 0 else bare
            yield key[1], key[3] if key[2] is None else key[2]
            simple = _SIMPLE.match(body, at)
            continue
        if body.startswith('"', at):
            quoted = _CLOSED.match(body, at)
            yield key[1], unquote(quoted[0]) if quoted else body[at:]
            at = quoted.end() if quoted else len(body)
        elif body.startswith("<\n", at):  # several lines, each with a tab before it (klog 2.40+)
            end = body.find("\n >", at)
            end = len(body) if end < 0 else end + 3
            yield key[1], body[at:end]
            at = end
        else:
            ends = _brackets(body, at if bare < 0 else bare) if ends is None else ends
            end = _bare(body, at, ends)
            yield key[1], _meant(body[at:end])
            at = end
        simple = _SIMPLE.match(body, at + 1) if body.startswith(" ", at) else None


def _meant(value: str) -> Any:
    """JSON (1.27+) as what it means; Go's lists and structs as they stand."""
    if value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            pass
    return value


def _bare(body: str, at: int, ends: dict[int, int]) -> int:
    """The end of a value without quotes: the next blank outside of brackets (``[a b]``, ``&{ID:a Type:b}``, ``map[a:b c:d]``)."""
    begin = at
    while True:
        word = _WORD.match(body, at)
        at = word.end() if word else at
        if at not in ends:
            break
        at = ends[at]
    if at < len(body) and not body[at].isspace():  # a bracket that nothing opens or closes: then it is no more than a word
        rest = _REST.match(body, begin)
        return rest.end() if rest else begin
    return at


def _brackets(body: str, at: int) -> dict[int, int]:
    """Where each bracket from ``at`` on is closed: from its position to the one behind its partner. Quoted text is passed over."""
    found: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    for token in _BRACKETS.finditer(body, at):
        sign = token[0]
        if sign in ("[", "{", "("):
            opened.append((sign, token.start()))
        elif opened and opened[-1][0] == _OPENING.get(sign):
            found[opened.pop()[1]] = token.end()
    return found


def _parse_json(text: str, writer: str | None, host: str | None) -> Klog | None:
    """``--logging-format=json``: unstructured messages end in a newline inside ``msg``."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "msg" not in document or "ts" not in document:
        return None
    caller = str(document.get("caller", "")).rsplit("/", 1)[-1].split(":")[0]
    message = str(document["msg"]).rstrip("\n")
    return Klog(message, True, writer, host, file=caller or None, values=document)


def refine(line: Klog, written: datetime) -> datetime | None:
    """The header's microseconds, for a record whose own time has only seconds.

    The header is in the node process's zone: the difference to ``written`` (UTC) is rounded to quarter hours.
    None if the header is more than 2 s off after that: then they do not tell of the same moment.
    """
    month, day, clock = line.month, line.day, line.clock
    if clock is None or month is None or day is None:
        return None
    hour, minute, second, micro = map(int, re.split("[:.]", clock))
    for year in (written.year, written.year - 1, written.year + 1):
        try:
            local = datetime(year, month, day, hour, minute, second, micro, tzinfo=written.tzinfo)
        except ValueError:  # 29 February
            continue
        if abs(local - written) < timedelta(days=2):
            quarters = round((local - written) / timedelta(minutes=15))
            refined = local - quarters * timedelta(minutes=15)
            return refined if abs(refined - written) <= timedelta(seconds=2) else None
    return None
