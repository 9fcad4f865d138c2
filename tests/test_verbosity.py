"""At which verbosity a line is written: the marks, against the components' own templates."""

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from analyzer.verbosity import MARKS, levels

LOW = ("Infof", "InfoS", "Info", "Infoln", "Warningf", "Warning", "ErrorS", "Errorf", "Error", "Fatalf")


def test_the_highest_level_counts() -> None:
    said = pl.Series(["nothing", None, 'SyncLoop (ADD, "api"): ""', '"SyncLoop (housekeeping)"', "GenericPLEG: Relisting"])
    assert levels(said, 0).to_list() == [None, None, 2, 4, 5]
    assert levels(said, 2).to_list() == [None, None, None, 4, 5]
    assert levels(said, 5).to_list() == [None] * 5


def test_no_mark_stands_in_a_line_of_a_lower_level(corpus: Path) -> None:
    path = corpus / "reference" / "templates.tsv"
    if not path.exists():
        pytest.skip("the corpus lacks the templates")
    with path.open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE) if r["kind"] == "log"]
    own = [r for r in rows if re.search(r"kubelet|cadvisor", r["file:func"])]
    known = 0
    for level, marks in MARKS.items():
        for mark in marks:
            mine = [r for r in own if mark in r["template"]]
            known += bool(mine)
            assert [r["template"] for r in mine if (r["V"] if r["V"].isdigit() else "0") < str(level)] == [], mark
    assert known > 20
