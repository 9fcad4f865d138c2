"""Journals as large as wanted: kubelet lines of one node as journalctl -o json writes them."""

from pathlib import Path

START = 1_795_331_000_000_000  # 2026-11-22T07:03:20Z, in microseconds


def write_journal(path: Path, node: str, lines: int) -> Path:
    """A kubelet that sees a pod come once in a hundred lines, for ``lines`` lines, a millisecond each."""
    head = (
        f'{{"_HOSTNAME":"{node}","SYSLOG_IDENTIFIER":"kubelet","_PID":"77","_BOOT_ID":"b0",'
        '"_SYSTEMD_UNIT":"kubelet.service","__REALTIME_TIMESTAMP":"'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out:
        for n in range(lines):
            uid = f"00000000-0000-4000-8000-{n:012d}"
            message = f'SyncLoop (ADD, \\"api\\"): \\"web-{n:05d}_default({uid})\\"' if n % 100 == 0 else 'Using node IP: \\"10.0.0.1\\"'
            seconds, micros = divmod(200 + n * 1000, 1_000_000)
            clock = f"07:{3 + (20 + seconds) // 60:02d}:{(20 + seconds) % 60:02d}.{micros:06d}"
            out.write(f'{head}{START + n * 1000}","MESSAGE":"I1122 {clock}      77 kubelet.go:1888] {message}"}}\n')
    return path
