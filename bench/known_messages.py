"""Makes analyzer/recognition/kubernetes.txt from a table of the log calls in Kubernetes' source trees.

``python -m bench.known_messages TABLE.tsv`` writes it to stdout. The table has a header line and, among others, the columns
``kind`` (log, event), ``call`` (InfoS, Errorf ...) and ``template`` (the call's text as Go writes it between quotes).
"""

import csv
import re
import sys
from pathlib import Path

from analyzer.grammars.klog import unquote
from analyzer.recognition.known import LITERAL, Template

HEADER = """\
# What Kubernetes logs: the texts of the log calls in the kubelet, its vendored cAdvisor and the controllers of Kubernetes
# v0.4 to v1.28, Apache-2.0 (c) The Kubernetes Authors. Made by bench/known_messages.py; sorted; one text a line.
# S: a structured call, the exact text. F: an unstructured one, in Go's printf notation, \\n and \\t escaped.
# Left out: texts that tell of a container's end or of a recovery (a rule reads them, or they are not understood), and those
# of fewer than 8 letters besides their values, which would pass for anything.
"""

LIFECYCLE = re.compile(
    r"Killing |Clean up (?:orphaned pod )?containers|Recovery completed|Starting recovery of all|Need to restart pod infra"
    r"|No (?:ready )?sandbox for pod|Generic \(PLEG\): container finished|No ref for pod '%[qv]'$"
)


def lines(table: Path) -> list[str]:
    """The texts worth keeping, as the data file holds them."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE) if row["kind"] == "log"]
    found = set()
    for row in rows:
        text = unquote(f'"{row["template"]}"').strip()
        if LIFECYCLE.match(text):
            continue
        structured = row["call"].endswith("S") or (row["call"] in ("Info", "Error") and row["structured_keys"] and "%" not in text)
        marks = "S" if structured else "SF" if row["call"] in ("Info", "Error") and row["last_seen"] == "v1.28" else "F"
        for mark in marks:
            if mark == "S" or Template.of(text).letters >= LITERAL:
                found.add(f"{mark} " + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t"))
    return sorted(found)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bench.known_messages TABLE.tsv > analyzer/recognition/kubernetes.txt")
    sys.stdout.write(HEADER + "".join(f"{line}\n" for line in lines(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
