"""The data file of known messages, and the script that makes it."""

from pathlib import Path

from analyzer.recognition.known import LITERAL, Template
from bench.known_messages import lines

TABLE = """\
kind	call	V	first_seen	last_seen	n_versions	structured_keys	template	file:func
log	Infof	2	v1.0	v1.20	9		Using node IP: %q	a.go:f
log	InfoS	2	v1.23	v1.28	3	pod	Say \\"hello\\" to pod	a.go:f
log	Info	2	v1.28	v1.28	1	node	Node has no CIDR, ignoring	a.go:f
log	Errorf		v1.0	v1.20	9		%v: %s	a.go:f
log	InfoS	2	v1.23	v1.28	3	pod	Killing container with a grace period	a.go:f
event	Event		v1.0	v1.28	9		Created container	a.go:f
"""


def test_what_is_kept(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text(TABLE)
    assert lines(table) == ["F Using node IP: %q", "S Node has no CIDR, ignoring", 'S Say "hello" to pod']


def test_the_shipped_files(root: Path) -> None:
    folder = root / "analyzer" / "recognition"
    made = [line for line in (folder / "kubernetes.txt").read_text().splitlines() if not line.startswith("# ")]
    assert made == sorted(set(made))
    assert len(made) > 4000
    assert (folder / "kubernetes.txt").stat().st_size < 300_000
    by_hand = [line for line in (folder / "others.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert len(by_hand) == len(set(by_hand))
    for line in [*made, *by_hand]:
        mark, _, text = line.partition(" ")
        assert mark in "SFRUB"
        assert mark in "SBR" or Template.of(text).letters >= (LITERAL if line in made else 3), line
