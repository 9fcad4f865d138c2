"""What the README shows is what the tool does."""

import re
from pathlib import Path

from analyzer.analysis import analyze
from analyzer.ingest import ingest
from analyzer.outputs import inventory, text
from analyzer.outputs.screen import Screen
from analyzer.recognition import Recognising
from analyzer.store import MemoryStore
from analyzer.vocabulary import FindingKind

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def words(content: str) -> str:
    return " ".join(content.split())


def test_the_output_shown_is_that_of_the_demo() -> None:
    shown = next(block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if block.startswith("The evidence spans"))
    printed = text.render(analyze([ROOT / "sample_logs" / "long-outage-return"]), "table", Screen(120))
    assert printed.startswith(shown.removesuffix("…\n"))


def test_the_guide_shows_what_inspect_prints() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    shown = re.findall(r"```\n\$ podopsy inspect .*?\n(.*?)```", guide, re.DOTALL)
    store = Recognising(MemoryStore())
    ingest([ROOT / "sample_logs" / "long-outage-return"], store)
    assert shown == [inventory.as_text(store)]


def test_each_kind_of_finding_is_explained() -> None:
    assert all(f"| `{kind}` |" in README for kind in FindingKind)


def test_each_local_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
