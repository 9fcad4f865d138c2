"""What an archive has lost is told: binary messages, cut lines, messages that were left out; and gaps become events."""

import io
import json
import re
from pathlib import Path

import polars as pl
import pytest

from analyzer import formats, grammars
from analyzer.formats import ReadContext
from analyzer.formats.journals import journal_months
from analyzer.formats.journals.journal_text import YEARLESS
from analyzer.reading import Tally

GLIBC = Path("/usr/share/i18n/locales")
LINE = "Aug 21 20:24:53 n kubelet[5]: "


def notes(text: str) -> list[str]:
    known = formats.detect(text.encode(), "")
    assert known is not None
    tally = Tally()
    for batch in known.read(io.BytesIO(text.encode()), ReadContext(2023)):
        tally.note(batch)
    return [note for note in tally.told() if "zone" not in note]


def test_binary_messages() -> None:
    assert notes(f"{LINE}[82B blob data]\n{LINE}[1.2K blob data]\n{LINE}a [82B blob data]\n") == ["2 messages were binary: [.. blob data]"]
    assert notes(f"{LINE}[1.2K blob data]\n") == ["1 message was binary: [.. blob data]"]


def test_lines_that_a_terminal_cut() -> None:
    cut = [f"{LINE}{'x' * n}{dots}{'y' * (60 - n - len(dots))}\n" for n, dots in ((20, "..."), (30, "…"), (40, "..."))]
    width = len(LINE) + 60
    assert notes("".join(cut) + f"{LINE}short\n") == [f"3 lines are cut with ... at {width} columns"]
    assert notes("".join(f"{LINE}{'x' * 59}>\n" for _ in range(3))) == [f"3 lines are cut with ... at {width} columns"]
    assert notes("".join(cut) + f"{LINE}{'x' * 70}\n") == []  # a longer line: it was no terminal's width
    assert notes(f"{cut[0]}Hint: Some lines were ellipsized, use -l to show in full.\n") == [f"1 lines are cut with ... at {width} columns"]


def test_messages_that_json_left_out() -> None:
    entry = '{"__REALTIME_TIMESTAMP":"1692663893803082","_HOSTNAME":"n","MESSAGE":null}\n'
    said = '{ "__REALTIME_TIMESTAMP" : "1692663893803082", "MESSAGE" : "say \\"MESSAGE\\":null" }\n'
    assert notes(entry * 3 + said) == ["3 messages were left out by journalctl (longer than 4096 bytes, without --all)"]


# --- gaps --------------------------------------------------------------------------------------------------------------


def suppressed(text: str, name: str = "") -> list[tuple[str, int | None, dict[str, str]]]:
    known = formats.detect(text.encode(), name)
    assert known is not None
    found = pl.concat([grammars.understand(batch, known.family) for batch in known.read(io.BytesIO(text.encode()), ReadContext(2023))])
    found = found.filter(pl.col("kind") == "log_suppressed")
    return [(f"{row['time']:%H:%M:%S}", row["value"], json.loads(row["attributes"])) for row in found.iter_rows(named=True)]


@pytest.mark.parametrize(
    ("line", "value", "attributes"),
    [
        ("systemd-journald[77]: Suppressed 1234 messages from kubelet.service", 1234, {"unit": "kubelet.service", "since": "54"}),
        ("systemd-journal[77]: Suppressed 9 messages from /system.slice/kubelet.service", 9, {"unit": "kubelet.service", "since": "54"}),
        ("systemd-journald[77]: Suppressed 3 messages from other.service", 3, {"unit": "other.service", "since": "56"}),
        ("systemd-journald[77]: Missed 17 kernel messages", 17, {"since": "56"}),
        ("systemd-journald[77]: Forwarding to syslog missed 5 messages.", 5, {"since": "56"}),
        ("rsyslogd[9]: imjournal: begin to drop messages due to rate-limiting", None, {"since": "56"}),
        ("rsyslogd-2177: imjournal: 236 messages lost due to rate-limiting", 236, {"since": "56"}),
        ("rsyslogd: imjournal: 84667 messages lost due to rate-limiting (20000 allowed within 600 seconds)", 84667, {"since": "56"}),
        ("rsyslogd: imuxsock lost 55 messages from pid 123 due to rate-limiting", 55, {"writer_pid": "123", "since": "56"}),
        ("rsyslogd: imuxsock begins to drop messages from pid 123 due to rate-limiting", None, {"writer_pid": "123", "since": "56"}),
        ("rsyslogd: imjournal from <n:kubelet>: begin to drop messages due to rate-limiting", None, {"writer": "kubelet", "since": "56"}),
    ],
)
def test_who_drops_messages(line: str, value: int | None, attributes: dict[str, str]) -> None:
    said = ((54, "kubelet[5]: x"), (56, "sshd[6]: x"), (58, line), (59, "kubelet[5]: x"))
    lines = [f"Aug 21 20:24:{second} n {what}" for second, what in said]
    since = f"2023-08-21T20:24:{attributes['since']}.000000Z"
    forward = suppressed("\n".join(lines) + "\n")
    assert forward == [("20:24:58", value, attributes | {"since": since})]
    assert suppressed("\n".join(lines[::-1]) + "\n") == forward


def test_nobody_else_says_so() -> None:
    assert suppressed(f"{LINE}Suppressed 12 messages from kubelet.service\n{LINE}imjournal: 2 messages lost due to rate-limiting\n") == []


@pytest.mark.parametrize("mark", ["[12 lines suppressed]", "12 lines suppressed"])
def test_lines_that_somebody_took_out(mark: str) -> None:
    text = f"{LINE}a\n{mark}\n{LINE.replace('53', '59')}b\n{mark}\n"
    attributes = [{"since": f"2023-08-21T20:24:{second}.000000Z"} for second in (53, 59)]
    assert suppressed(text) == [("20:24:59", 12, attributes[0]), ("20:24:59", 12, attributes[1])]
    klog = "I0821 20:24:{}.000000       5 kubelet.go:1] x\n"
    assert suppressed(f"{klog.format(53)}{mark}\n{klog.format(59)}") == [("20:24:59", 12, attributes[0])]
    assert suppressed(f"{LINE}err=<\n{' ' * len(LINE)}{mark} by x\n") == []


# --- rsyslog -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Aug 21 20:24:53 n kubelet[5]: err=<#012#011line 1#012 >", "err=<\n\tline 1\n >"),
        ("2023-08-22T00:23:09.253551+00:00 n kubelet[5]: a#033[0m#011b", "a\x1b[0m\tb"),
        ("Aug 21 20:24:53 n kubelet[5]: message repeated 2 times: [ a: [b]]", "a: [b]"),
        ("Aug 21 20:24:53.803082 n kubelet[5]: PR #012", "PR #012"),  # short-precise: never rsyslog's
        ("2023-08-22T00:23:09+0000 n kubelet[5]: PR #012", "PR #012"),
        ("Aug 21 20:24:53 n kubelet[5]: PR #048 of #12", "PR #048 of #12"),  # no control character
        ("Aug 21 20:24:53 n last message repeated 3 times", "last message repeated 3 times"),
    ],
)
def test_what_rsyslog_changes(line: str, message: str) -> None:
    batch, *_ = YEARLESS.read(io.BytesIO(line.encode()), ReadContext(2023))
    assert batch.records["message"].to_list() == [message]
    assert batch.records["raw"].to_list() == [line]


# --- months ------------------------------------------------------------------------------------------------------------

LOCALES = [
    *("de_DE", "de_AT", "fr_FR", "fr_CA", "es_ES", "it_IT", "pt_BR", "gl_ES", "eu_ES", "ca_ES", "nl_NL", "da_DK", "sv_SE", "nb_NO"),
    *("is_IS", "fi_FI", "et_EE", "lv_LV", "lt_LT", "pl_PL", "cs_CZ", "sk_SK", "hu_HU", "ro_RO", "sr_RS", "sl_SI", "bg_BG", "ru_RU"),
    *("uk_UA", "be_BY", "el_GR", "tr_TR", "id_ID", "ms_MY", "he_IL", "ar_EG", "fa_IR", "hi_IN", "th_TH", "vi_VN"),
    *("zh_CN", "zh_TW", "ja_JP", "ko_KR"),
]


@pytest.mark.skipif(not GLIBC.is_dir(), reason="no locale data of glibc here")
@pytest.mark.parametrize("locale", LOCALES)
def test_months_of_glibcs_locales(locale: str) -> None:
    text = (GLIBC / locale).read_text(errors="replace")
    while not (found := re.search(r"^abmon\s+((?:.*/\s*\n)*.*)$", text, re.MULTILINE)):
        section = re.search(r"^LC_TIME\ncopy \"(.*)\"", text, re.MULTILINE)
        assert section
        text = (GLIBC / section[1]).read_text(errors="replace")
    names = [re.sub(r"<U([0-9A-F]{4})>", lambda code: chr(int(code[1], 16)), name) for name in re.findall(r'"([^"]*)"', found[1])]
    assert [journal_months.number(name.strip()) for name in names] == list(range(1, 13))
    lines = "".join(f"{name} 16 17:55:51 n kubelet[5]: m\n" for name in names)
    assert YEARLESS.sniff(lines.encode(), "")
    batch, _ = YEARLESS.read(io.BytesIO(lines.encode()), ReadContext(2023))
    assert batch.records["time"].dt.month().to_list() == list(range(1, 13))
    assert batch.records["message"].to_list() == ["m"] * 12
