"""Lines that are told by the layout of their beginning say what the patterns say, and what is out of the common is left to those."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.journals import journal_lines
from analyzer.formats.journals.journal_layouts import leads
from analyzer.formats.journals.journal_lines import MONOTONIC, WALL_CLOCK, parsed, starts

STYLES = WALL_CLOCK | MONOTONIC
NUMBER = st.integers(0, 99).map(lambda n: f"{n:02}")
CLOCK = st.builds("{}:{}:{}{}".format, NUMBER, NUMBER, NUMBER, st.sampled_from(["", ".1", ",123456", ".000001"]))
DATE = st.builds("{}{}-{}-{}".format, NUMBER, NUMBER, NUMBER, NUMBER)
MONTH = st.sampled_from(["Nov", "nov.", "Smarch", "11月", "thg 11", "thg 09", "août"])
LEAD = st.one_of(
    st.builds("{}T{}{} ".format, DATE, CLOCK, st.sampled_from(["", "Z", "+0000", "-03:30", "+1245"])),
    st.builds(
        "{} {} {} ".format,
        MONTH,
        st.sampled_from(["3", " 3", "29"]),
        CLOCK,
    ),
    st.builds("Sun {} {} {} ".format, DATE, CLOCK, st.sampled_from(["UTC", "CEST", "+03", "+0545"])),
    st.builds("16{}{}{}{}.{}{}{} ".format, *[NUMBER] * 7),
    st.builds("[ {}{}.{}{}{}] ".format, *[NUMBER] * 5),
    st.sampled_from(["", "\t", "-- ", "Nov "]),
)
REST = st.sampled_from(
    [
        *("n kubelet[5]: said", "n kubelet[5]: a: b", "n kubelet[5]:", "kubelet: no host", "n systemd[1]: ", "n : x: y", "n a b[3] c: d"),
        *(
            "n[1] x: y",
            "no colon at all",
            "",
            " ",
            "n a[99999999999]: x",
            "ñ identifiér[7]: mëssage",
            "n a[5]:b c: d",
            ": ",
            "::: ",
            "n: : ",
        ),
    ]
)
LINES = st.lists(st.builds("{}{}".format, LEAD, REST), max_size=60)


@given(LINES)
def test_layouts_and_patterns_agree(texts: list[str]) -> None:
    lines = pl.DataFrame({"offset": range(len(texts)), "raw": texts}, schema={"offset": pl.Int64, "raw": pl.String})
    expected = journal_lines._by_pattern(lines, STYLES)
    assert parsed(lines, STYLES).equals(expected)
    assert (
        starts(lines, STYLES).to_list()
        == expected.select(pl.any_horizontal(pl.col("digits", "unix", "monotonic").is_not_null())).to_series().to_list()
    )


@pytest.mark.parametrize(
    "lead", ["2026-11-22T08:47:19.123456+0000 ", "Nov 22 08:47:19 ", "[ 4104.803082] ", "Sun 2026-11-22 08:47:19 CET "]
)
def test_common_lines_are_told_by_their_layout(lead: str) -> None:
    lines = pl.Series([f"{lead.replace('19', f'{second:02}')}n kubelet[5]: said {second}" for second in range(60)])
    assert leads(lines, STYLES).known.all()
