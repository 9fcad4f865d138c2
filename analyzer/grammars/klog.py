"""klog and glog lines: the header, and the message in each rendering (free text, quoted key=value, JSON).

Header ``Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg`` since glog (klog FormatHeader). Structured text since klog 2.2
(Kubernetes 1.19); how slices and structs are printed changed four times, so values are read generically.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

HEADER = re.compile(
    r"(?P<severity>[IWEF])(?P<month>\d\d)(?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d\.\d{6})\s+(?P<thread>\d+) "
    r"(?P<file>[^\s:\]]+):(?P<line>\d+)\] (?P<body>.*)",
    re.DOTALL,
)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_MESSAGE = re.compile(rf"({_QUOTED})(?: |$)")
# a value: quoted, <multi-line>, {JSON or struct}, [list], or up to the next blank
_PAIR = re.compile(
    rf"(?P<key>[A-Za-z_][\w./-]*)=(?P<value>{_QUOTED}|<\n.*?\n ?>|&?\{{.*?\}}(?=$| [A-Za-z_][\w./-]*=)|\[[^\]]*\]|\S*)", re.DOTALL
)


@dataclass(frozen=True)
class Klog:
    """One line. ``message`` is the quoted text of a structured line, or the whole body of an unstructured one.

    ``writer``, ``host``: the syslog identifier and the node of the record around it, where it has them.
    """

    message: str
    structured: bool
    severity: str | None = None
    file: str | None = None
    month: int | None = None
    day: int | None = None
    clock: str | None = None
    thread: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    writer: str | None = None
    host: str | None = None

    def text(self, key: str) -> str | None:
        """A value as text; object references of JSON logging become ``namespace/name``."""
        return _as_text(self.values.get(key))

    def items(self, key: str) -> list[str]:
        """A list value (``pods=[a b]``, ``"[a b]"``, ``["a","b"]``) as texts."""
        value = self.values.get(key)
        if isinstance(value, list):
            return [t for t in map(_as_text, value) if t]
        text = (value or "").strip()
        if not (text.startswith("[") and text.endswith("]")):
            return [text] if text else []
        return [part.strip('"') for part in re.split(r"[,\s]+", text[1:-1]) if part]

    def struct(self, key: str) -> dict[str, str]:
        """A struct value: Go's ``&{ID:a Type:b Data:c}`` or JSON."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return {k: str(v) for k, v in value.items()}
        text = value or ""
        if text.startswith("{") and '"' in text:
            try:
                return {k: str(v) for k, v in orjson.loads(text).items()}
            except orjson.JSONDecodeError:
                return {}
        return dict(re.findall(r"(\w+):(\S*?)(?=[\s}])", text))


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        name, namespace = value.get("name"), value.get("namespace")
        return f"{namespace}/{name}" if namespace else str(name)
    return str(value)


def unquote(text: str) -> str:
    """Undo Go's %q. Escapes that JSON does not know (``\\x1b``, ``\\a``) are left as they stand."""
    try:
        return str(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def parse(text: str) -> Klog | None:
    """The line as klog wrote it, or None if it is no klog line."""
    header = HEADER.match(text)
    if header is None:
        return _parse_json(text) if text.startswith("{") else None
    body = header["body"].rstrip("\n")
    quoted = _MESSAGE.match(body)
    values: dict[str, Any] = {}
    for pair in _PAIR.finditer(body, quoted.end()) if quoted else ():
        value = pair["value"]
        values.setdefault(pair["key"], unquote(value) if value.startswith('"') else value)
    return Klog(
        message=unquote(quoted[1]) if quoted else body,
        structured=quoted is not None,
        severity=header["severity"],
        file=header["file"].rsplit("/", 1)[-1],
        month=int(header["month"]),
        day=int(header["day"]),
        clock=header["clock"],
        thread=int(header["thread"]),
        values=values,
    )


def _parse_json(text: str) -> Klog | None:
    """``--logging-format=json``: unstructured messages end in a newline inside ``msg``."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "msg" not in document or "ts" not in document:
        return None
    caller = str(document.get("caller", "")).rsplit("/", 1)[-1].split(":")[0]
    return Klog(message=str(document["msg"]).rstrip("\n"), structured=True, file=caller or None, values=document)


def refine(line: Klog, written: datetime) -> datetime | None:
    """The header's microseconds, for a record whose own time has only seconds.

    The header is in the node process's zone: the difference to ``written`` (UTC) is rounded to quarter hours.
    None if the header is more than 2 s off after that: then they do not tell of the same moment.
    """
    if line.clock is None or line.month is None or line.day is None:
        return None
    for year in (written.year, written.year - 1, written.year + 1):
        try:
            local = datetime.strptime(f"{year}-{line.month}-{line.day} {line.clock}", "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=written.tzinfo)
        except ValueError:  # 29 February
            continue
        if abs(local - written) < timedelta(days=2):
            quarters = round((local - written) / timedelta(minutes=15))
            refined = local - quarters * timedelta(minutes=15)
            return refined if abs(refined - written) <= timedelta(seconds=2) else None
    return None
