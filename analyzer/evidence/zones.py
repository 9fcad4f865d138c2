"""The time zone that a user names (--tz)."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from analyzer.exceptions import UsageError

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)


def parse_zone(text: str) -> tzinfo:
    """An IANA name (``Europe/Berlin``), an offset east of Greenwich (``+02:00``) or ``UTC``. UsageError otherwise."""
    wanted = text.strip()
    if wanted.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    if offset := _OFFSET.fullmatch(wanted):
        sign, hours, minutes = offset.groups()
        delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if delta <= timedelta(hours=18):
            return timezone(-delta if sign == "-" else delta)
    else:
        try:
            return ZoneInfo(wanted)
        except (ValueError, OSError, LookupError):  # not found, an absolute path, a folder of the zone database
            pass
    raise UsageError(f"no time zone {text!r} (give an IANA name as Europe/Berlin, an offset as +02:00, or UTC)")
