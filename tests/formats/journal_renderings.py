"""Entries of a journal as journalctl prints them, in each of its modes (systemd 252: src/shared/logs-show.c).

Not rendered: what is only for terminals (colours, ellipses), and --all.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from tests.formats import journal_writer

THRESHOLD = 4096
"""Values of that length and more are null in JSON."""
_UNITS = "BKMGT"


@dataclass(frozen=True)
class Entry:
    """Times in microseconds; ``fields`` as they are stored, repeated ones too."""

    realtime: int
    monotonic: int
    boot: str
    cursor: str
    fields: tuple[tuple[str, bytes], ...]

    def get(self, name: str) -> bytes | None:
        """The last value of a field, as the text modes show it."""
        return next((value for key, value in reversed(self.fields) if key == name), None)

    def text(self, name: str) -> str | None:
        value = self.get(name)
        return None if value is None else value.decode(errors="replace")


def from_export(data: bytes) -> list[Entry]:
    """Entries of journalctl -o export."""
    entries: list[Entry] = []
    fields: list[tuple[str, bytes]] = []
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        name, sign, value = data[at:end].partition(b"=")
        at = end + 1
        if not name:
            entries += [_entry(fields)] if fields else []
            fields = []
            continue
        if not sign:
            length = int.from_bytes(data[at : at + 8], "little")
            value = data[at + 8 : at + 8 + length]
            at += 8 + length + 1
        fields.append((name.decode(), value))
    return [*entries, *([_entry(fields)] if fields else [])]


def from_json(lines: Iterable[str]) -> list[Entry]:
    """Entries of journalctl -o json; values that it left out are not there."""
    entries = []
    for line in lines:
        fields = []
        for name, value in json.loads(line).items():
            for one in value if isinstance(value, list) and not all(isinstance(v, int) for v in value) else [value]:
                if one is not None:
                    fields.append((name, bytes(one) if isinstance(one, list) else str(one).encode()))
        entries.append(_entry(fields))
    return entries


def _entry(fields: list[tuple[str, bytes]]) -> Entry:
    own = {name: value.decode() for name, value in fields if name.startswith("__") or name == "_BOOT_ID"}
    kept = tuple(field for field in fields if not field[0].startswith("__"))
    return Entry(int(own["__REALTIME_TIMESTAMP"]), int(own["__MONOTONIC_TIMESTAMP"]), own["_BOOT_ID"], own["__CURSOR"], kept)


# --- text --------------------------------------------------------------------------------------------------------------


def blob(size: int) -> str:
    """FORMAT_BYTES, in brackets."""
    unit, amount = 0, float(size)
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    shown = f"{int(size / 1024**unit * 10) / 10:.1f}" if unit else str(size)
    return f"[{shown}{_UNITS[unit]} blob data]"


def printable(value: bytes) -> bool:
    """utf8_is_printable: newlines and tabs pass, other control characters do not."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in text)


def stripped(text: str) -> str:
    """strip_tab_ansi: tabs become eight blanks, colours vanish."""
    return re.sub(r"\x1b(?:\[[0-9;]*m|\[[^a-zA-Z]*[a-zA-Z])", "", text).replace("\t", " " * 8)


def _wall(entry: Entry, zone: tzinfo) -> datetime:
    sent = entry.text("_SOURCE_REALTIME_TIMESTAMP")
    return _at(int(sent) if sent else entry.realtime, zone)


def _at(micros: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000).astimezone(zone)


def _offset(moment: datetime, colon: bool) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:]}" if colon else text


def _seconds(micros: int) -> str:
    return f"{micros // 1_000_000:5}.{micros % 1_000_000:06}"


def _delta(entry: Entry, before: Entry | None) -> str:
    if before is None:
        return f"[{_seconds(entry.monotonic)}{' ' * 16}]"
    same = entry.boot == before.boot
    passed = entry.monotonic - before.monotonic if same else entry.realtime - before.realtime
    return f"[{_seconds(entry.monotonic)} <{_seconds(passed)}{' ' if same else '*'}>]"


Stamp = Callable[[Entry, Entry | None, tzinfo], str]

STAMPS: dict[str, Stamp] = {
    "short": lambda e, _, z: f"{_wall(e, z):%b %d %H:%M:%S}",
    "short-precise": lambda e, _, z: f"{_wall(e, z):%b %d %H:%M:%S.%f}",
    "short-iso": lambda e, _, z: f"{_wall(e, z):%Y-%m-%dT%H:%M:%S}" + _offset(_wall(e, z), False),
    "short-iso-255": lambda e, _, z: f"{_wall(e, z):%Y-%m-%dT%H:%M:%S}" + _offset(_wall(e, z), True),
    "short-iso-precise": lambda e, _, z: f"{_wall(e, z):%Y-%m-%dT%H:%M:%S.%f}" + _offset(_wall(e, z), False),
    "short-iso-precise-255": lambda e, _, z: f"{_wall(e, z):%Y-%m-%dT%H:%M:%S.%f}" + _offset(_wall(e, z), True),
    "short-full": lambda e, _, z: f"{_wall(e, z):%a %Y-%m-%d %H:%M:%S %Z}",
    "with-unit": lambda e, _, z: f"{_wall(e, z):%a %Y-%m-%d %H:%M:%S %Z}",
    "short-unix": lambda e, _, z: f"{_wall(e, z).timestamp():.6f}",
    "short-monotonic": lambda e, _, z: f"[{_seconds(e.monotonic)}]",
    "short-delta": lambda e, before, _: _delta(e, before),
}
"""-255: as systemd writes it from that version on, with a colon in the zone."""


def _short(entries: list[Entry], mode: str, zone: tzinfo) -> Iterator[str]:
    before: Entry | None = None
    for entry in entries:
        if before is not None and before.boot != entry.boot:
            yield f"-- Boot {entry.boot} --\n"
        message = entry.get("MESSAGE")
        if message is not None:
            prefix = f"{STAMPS[mode](entry, before, zone)} {entry.text('_HOSTNAME')} {_writer(entry, mode)}"
            shown = stripped(message.decode()) if b"\x1b" in message or b"\t" in message else None
            if shown is None and printable(message):
                shown = message.decode()
            if shown is None or not printable(shown.encode()):
                yield f"{prefix}: {blob(len(message))}\n"
            else:
                first, *more = shown.split("\n")
                yield f"{prefix}: {first}\n" + "".join(f"{' ' * (len(prefix) + 2)}{line}\n" for line in more)
        before = entry


def _writer(entry: Entry, mode: str) -> str:
    unit = entry.text("_SYSTEMD_UNIT") if mode == "with-unit" else None
    pid = entry.text("_PID") or entry.text("SYSLOG_PID")
    return (unit or entry.text("SYSLOG_IDENTIFIER") or entry.text("_COMM") or "unknown") + (f"[{pid}]" if pid else "")


def _verbose(entries: list[Entry], zone: tzinfo) -> Iterator[str]:
    before: Entry | None = None
    for entry in entries:
        if before is not None and before.boot != entry.boot:
            yield f"-- Boot {entry.boot} --\n"
        yield f"{_wall(entry, zone):%a %Y-%m-%d %H:%M:%S.%f %Z} [{entry.cursor}]\n"
        for name, value in entry.fields:
            if printable(value):
                lines = value.decode().split("\n")
                yield f"    {name}=" + f"\n{' ' * (len(name) + 5)}".join(lines) + "\n"
            else:
                yield f"    {name}={blob(len(value))}\n"
        before = entry


# --- data --------------------------------------------------------------------------------------------------------------


def _export(entry: Entry) -> bytes:
    parts = [f"__CURSOR={entry.cursor}\n__REALTIME_TIMESTAMP={entry.realtime}\n__MONOTONIC_TIMESTAMP={entry.monotonic}\n"]
    parts.append(f"_BOOT_ID={entry.boot}\n")
    data = "".join(parts).encode()
    for name, value in entry.fields:
        if name == "_BOOT_ID":
            continue
        plain = printable(value) and b"\n" not in value
        data += name.encode() + (b"=" + value if plain else b"\n" + len(value).to_bytes(8, "little") + value) + b"\n"
    return data + b"\n"


def document(entry: Entry) -> dict[str, object]:
    """As an object of JSON."""
    told: dict[str, object] = {
        "__CURSOR": entry.cursor,
        "__REALTIME_TIMESTAMP": str(entry.realtime),
        "__MONOTONIC_TIMESTAMP": str(entry.monotonic),
        "_BOOT_ID": entry.boot,
    }
    for name in dict.fromkeys(name for name, _ in entry.fields if name != "_BOOT_ID"):
        values = [_json_value(name, value) for key, value in entry.fields if key == name]
        told[name] = values[0] if len(values) == 1 else values
    return told


def _json_value(name: str, value: bytes) -> object:
    if len(name) + 1 + len(value) >= THRESHOLD:
        return None
    return value.decode() if printable(value) else list(value)


def _pretty(entry: Entry) -> str:
    return "{\n" + ",\n".join(f"\t{json.dumps(k)} : {_spaced(v)}" for k, v in document(entry).items()) + "\n}\n"


def _spaced(value: object) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"\t\t{json.dumps(v)}" for v in value) + "\n\t]"
    return json.dumps(value, ensure_ascii=False)


def _line(entry: Entry) -> str:
    return json.dumps(document(entry), ensure_ascii=False, separators=(",", ":"))


def _binary(entries: list[Entry]) -> bytes:
    return journal_writer.write((entry.realtime, [name.encode() + b"=" + value for name, value in entry.fields]) for entry in entries)


MODES = (*STAMPS, "verbose", "cat", "export", "json", "json-pretty", "json-sse", "json-seq", "binary")


def render(entries: list[Entry], mode: str, zone: tzinfo) -> bytes:
    """The output of ``journalctl -o MODE`` in that zone; ``binary``: the file itself."""
    if mode in STAMPS:
        return "".join(_short(entries, mode, zone)).encode()
    if mode == "verbose":
        return "".join(_verbose(entries, zone)).encode()
    if mode == "binary":
        return _binary(entries)
    one: dict[str, Callable[[Entry], bytes]] = {
        "cat": lambda e: b"" if e.get("MESSAGE") is None else (e.get("MESSAGE") or b"") + b"\n",
        "export": _export,
        "json": lambda e: _line(e).encode() + b"\n",
        "json-pretty": lambda e: _pretty(e).encode(),
        "json-sse": lambda e: b"data: " + _line(e).encode() + b"\n\n",
        "json-seq": lambda e: b"\x1e" + _line(e).encode() + b"\n",
    }
    return b"".join(map(one[mode], entries))
