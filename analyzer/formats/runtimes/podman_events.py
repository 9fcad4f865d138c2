"""``podman events``: as text, and as JSON (``--format json``, and the lines of its events.log).

Text (libpod/events: ToHumanReadable) is docker's with a time that Go prints (``2019-03-02 10:33:42.312377447 -0600 CST``, and
`` m=+0.123`` behind it where it was printed by the process itself); the labels come in random order. Images, volumes and the system
have a bare name for their attributes. It tells no exit code.
JSON: to 4.x ``{ID, Name, Image, Status, Time, Type}`` with ``ContainerExitCode`` (left out when 0, to 4.5), and Time in RFC 3339; since 5.0
``time`` and ``timeNano`` as docker's. 'died' is the end of a container; 'cleanup' follows it, and 'remove' has no exit code of its own.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from analyzer.formats.runtimes.docker_json import EventJson, Found, Nanoseconds, Seconds, fields, message, told_twice
from analyzer.formats.runtimes.docker_text import ABBREVIATION, CLOCK, DATE, Dialect, EventText
from analyzer.formats.times import since_1970

TYPES: Final = frozenset({"artifact", "container", "image", "machine", "network", "pod", "secret", "system", "volume"})
_NAMED: Final = re.compile(r"([a-z]+) ([a-z][a-z_-]*)(?: (\S*)(?: .*)?)?", re.DOTALL)


@dataclass(frozen=True)
class _Podman(Dialect):
    def parse(self, body: str) -> tuple[str, str | None]:
        try:
            return super().parse(body)
        except ValueError:
            named = _NAMED.fullmatch(body)
            if named is None or named[1] not in self.types or named[1] in ("container", "pod", "network"):
                raise
            return message(named[1], named[2], named[3] or ""), None


class _Event(msgspec.Struct, gc=False):
    type: str = msgspec.field(name="Type", default="")
    status: str = msgspec.field(name="Status", default="")
    id: str = msgspec.field(name="ID", default="")
    name: str = msgspec.field(name="Name", default="")
    image: str = msgspec.field(name="Image", default="")
    exit_code: int | None = msgspec.field(name="ContainerExitCode", default=None)
    attributes: dict[str, Any] | None = msgspec.field(name="Attributes", default=None)
    written: str = msgspec.field(name="Time", default="")
    time: Seconds = 0
    nanoseconds: Nanoseconds = msgspec.field(name="timeNano", default=0)


def _understand(event: _Event) -> Found:
    """ValueError: this is no event of podman's."""
    if event.type not in TYPES or not event.status:
        raise ValueError("no podman event")
    time, resolution = (since_1970(event.written), 1) if event.written else told_twice(event.time, event.nanoseconds)
    told: dict[str, Any] = {**(event.attributes or {}), "name": event.name, "image": event.image}
    if event.status == "died" and (event.exit_code is not None or event.written):  # before 5.0 a 0 was left out
        told["containerExitCode"] = str(event.exit_code or 0)
    subject = event.id or event.name
    return time, resolution, message(event.type, event.status, subject), fields({k: v for k, v in told.items() if v})


TIME: Final = rf"^{DATE} {CLOCK} (?P<zone>[+-]\d{{4}}) {ABBREVIATION}(?: m=[+-]\d+\.\d+)? "

PODMAN: Final = _Podman(program="podman", time=TIME, types=TYPES, ordered=False)
TEXT: Final = EventText("podman-text", PODMAN)
JSON: Final = EventJson("podman-json", "podman", _Event, _understand)
