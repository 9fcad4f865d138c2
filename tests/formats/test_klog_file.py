"""Files that klog writes, with what else is found in them."""

import io
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from analyzer import grammars
from analyzer.formats.base import ReadContext
from analyzer.formats.klog_file import FORMAT

LINE = "I1122 07:09:48.357765   12753 replica_set.go:559] Too few replicas"


def read(text: str, context: ReadContext | None = None) -> pl.DataFrame:
    batches = list(FORMAT.read(io.BytesIO(text.encode()), context or ReadContext(2026)))
    assert all(b.rejects.is_empty() for b in batches)
    return pl.concat([b.records for b in batches])


def test_the_message_keeps_its_header() -> None:
    got = read(LINE, ReadContext(2026, timezone(timedelta(hours=2)))).row(0, named=True)
    assert got["message"] == got["raw"] == LINE
    assert got["time"] == datetime(2026, 11, 22, 5, 9, 48, 357765, UTC)
    assert (got["pid"], got["resolution_us"], got["identifier"], got["unit"]) == (12753, 1, None, None)


def test_lines_of_a_message_belong_together() -> None:
    got = read(f"{LINE}\ngoroutine 1 [running]:\n\tmain.go:1\n\n{LINE}\n")
    assert got["message"].to_list() == [f"{LINE}\ngoroutine 1 [running]:\n\tmain.go:1\n", LINE]
    assert got["line"].to_list() == [1, 5]


def test_the_file_itself_tells_year_and_host() -> None:
    got = read(
        "Log file created at: 2014/12/31 23:59:56\nRunning on machine: 399e0e6bc19a\nBinary: Built with gc go1.3.3 for linux/amd64\n"
        "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n"
        "I1231 23:59:56.603698 00001 storagedriver.go:89] a\nI0101 00:00:00.000001 00001 storagedriver.go:89] b\n"
    )
    assert got["time"].dt.year().to_list() == [2014, 2015]
    assert got["node"].to_list() == ["399e0e6bc19a"] * 2
    assert got["record"].to_list() == [0, 1]


def test_other_writers() -> None:
    got = read(
        "Flag --port has been deprecated\nanything\n"
        f'{LINE}\ntime="2026-11-22T08:47:19Z" level=warning msg="x"\n2017-07-26 17:04:57.858577 I | mvcc: compact\n'
        '{"ts":1795337558537.461,"caller":"kubelet/kubelet.go:2114","msg":"SyncLoop ADD","v":2}\n'
        '{"ts":1580306777.04728,"caller":"a.go:1","msg":"x"}\n'
    )
    micros = got["time"].dt.epoch("us").to_list()
    assert micros[0] is micros[1] is micros[3] is micros[4] is None
    assert micros[5:] == [1795337558537461, 1580306777047280]
    assert got["message"].to_list() == got["raw"].to_list()


def test_what_grep_puts_before_a_line() -> None:
    assert read(f"kubelet.log.5.gz:{LINE}\n")["message"].to_list() == [LINE]


def test_the_context_gives_the_year_of_the_last_record() -> None:
    assert read(f"{LINE}\n{LINE.replace('I1122', 'I0103')}\n")["time"].dt.year().to_list() == [2025, 2026]


def test_sniff() -> None:
    assert FORMAT.sniff(f"Flag --port has been deprecated\n{LINE}\n".encode(), "")
    assert FORMAT.sniff(b'{"ts":1795337558537.461,"caller":"a.go:1","msg":"x"}\n', "")
    assert not FORMAT.sniff(f"# Title\n\nA log line reads\n\n```\n{LINE}\n```\nand says much.\n".encode(), "")
    assert not FORMAT.sniff(f"Nov 22 07:09:48 n kubelet[5]: {LINE}\n".encode(), "")
    assert not FORMAT.sniff(b'{"log":"I0901 00:25:09.311469 1 a.go:1] x","stream":"stderr"}\n', "")


# --- journalctl -o cat -------------------------------------------------------------------------------------------------

AT = "I1122 07:{}.000000   12753 kubelet.go:1] x\n"


def times(text: str) -> list[tuple[str, str | None, int]]:
    got = read(text)
    seconds = [None if time is None else f"{time:%M:%S}" for time in got["time"]]
    return [
        (m[:8], t, r // 1_000_000)
        for m, t, r in zip(got["message"], seconds, got["resolution_us"], strict=True)
        if not m.startswith("I1122")
    ]


def test_a_sentence_of_systemd_lies_between_its_neighbours() -> None:
    text = AT.format("09:48") + "Stopping kubelet: The Kubernetes Node Agent...\nFlag --port has been deprecated\n" + AT.format("11:48")
    assert times(text) == [("Stopping", "09:48", 120), ("Flag --p", None, 0)]


def test_at_the_ends_of_a_source_the_longest_silence_bounds_it() -> None:
    """The stop in the middle is no silence of a kubelet that ran."""
    lines = ["Started Kubernetes Kubelet.\n", *map(AT.format, ("09:00", "09:10", "09:15")), "Stopped Kubernetes Kubelet.\n"]
    lines += [AT.format("30:00"), "kubelet.service: Main process exited, code=killed, status=9/KILL\n"]
    assert times("".join(lines)) == [("Started ", "08:50", 10), ("Stopped ", "09:15", 1245), ("kubelet.", "30:00", 10)]


def test_a_start_is_followed_by_a_line_of_the_new_process() -> None:
    lines = [
        AT.format("09:00"),
        AT.format("09:10"),
        "Stopping Kubernetes Kubelet...\n",
        "Started Kubernetes Kubelet.\n",
        AT.format("30:00"),
    ]
    assert times("".join(lines)) == [("Stopping", "09:10", 1250), ("Started ", "29:50", 10)]


def test_one_line_alone_bounds_nothing() -> None:
    assert times(AT.format("09:48") + "Stopped Kubernetes Kubelet.\n") == [("Stopped ", None, 0)]


def test_only_whole_sentences_that_are_known() -> None:
    for text in ("Stopped Kubelet health check timer.", "Stopping Kubernetes Kubelet", "Started by root.", "\tStopped Kubernetes Kubelet."):
        assert read(AT.format("09:48") + text + "\n" + AT.format("09:49"))["message"].to_list()[0] == f"{AT.format('09:48')}{text}"


def test_a_sentence_waits_for_the_next_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(AT.format(f"{n:02}:00") + "Stopped Kubernetes Kubelet.\nStarted Kubernetes Kubelet.\n" for n in range(40))
    whole = times(text)
    assert whole[:2] == [("Stopped ", "00:00", 60), ("Started ", "00:00", 60)]
    monkeypatch.setattr("analyzer.formats.lines.chunks.__defaults__", (130, 1000))
    monkeypatch.setattr("analyzer.formats.lines.records.__defaults__", (130,))
    assert times(text)[:-2] == whole[:-2]


def test_what_systemd_says_there_is_understood() -> None:
    text = (
        AT.format("09:48")
        + "Stopped Kubernetes Kubelet.\nStopped Kubernetes Kube-Proxy Server.\nSuppressed 7 messages from kubelet.service\n"
    )
    batches = list(FORMAT.read(io.BytesIO((text + AT.format("09:50")).encode()), ReadContext(2026)))
    found = pl.concat([grammars.understand(batch, FORMAT.family) for batch in batches])
    assert found.select("kind", "value", "resolution_us").rows() == [("kubelet_stopped", None, 2_000_000), ("log_suppressed", 7, 2_000_000)]
    assert [note for batch in batches for note in batch.notes] == ["2 line(s) of systemd bear no time: put between those around them"]
