"""Detectors of other distributions: which are taken, and what is refused of those that find something else than findings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from analyzer.detectors import plugins
from analyzer.detectors.base import Detector
from analyzer.findings import Finding
from analyzer.vocabulary import Confidence, Severity
from tests.detectors.made import at, case, edge, proof

Install = Callable[..., plugins.Installed]


def _detector(kind: str = "own-kind", find: Any = lambda _: (), **more: Any) -> Detector:
    return Detector(kind, **{"proves": "a", "needs": "b", "contradicted_by": "c", **more}, find=find)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Entry points by distribution and name, and what each of them loads."""

    def installed(*entries: tuple[str | None, str, Any], taken: tuple[str, ...] = ()) -> plugins.Installed:
        def entry(distribution: str | None, name: str, content: Any) -> Any:
            def load() -> Any:
                if isinstance(content, BaseException):
                    raise content
                return content

            dist = None if distribution is None else SimpleNamespace(name=distribution)
            return SimpleNamespace(name=name, value=f"its.{name}", dist=dist, load=load)

        monkeypatch.setattr(plugins, "entry_points", lambda group: [entry(*each) for each in entries if group == "podopsy.detectors"])
        plugins.installed.cache_clear()
        return plugins.installed(frozenset(taken))

    yield installed
    plugins.installed.cache_clear()


def test_a_detector_or_a_module_with_one_is_taken_and_bears_its_distribution(install: Install) -> None:
    module = ModuleType("other")
    module.DETECTOR = _detector("other-kind")  # type: ignore[attr-defined]
    found = install(("dist-b", "x", module), ("dist-a", "z", _detector("third")), ("dist-a", "y", _detector()), (None, "w", _detector("w")))
    assert found.problems == ()
    assert [(d.kind, d.distribution) for d in found.detectors] == [
        ("own-kind", "dist-a"),
        ("third", "dist-a"),
        ("other-kind", "dist-b"),
        ("w", "its.w"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ModuleType("empty"), "its.x is neither a Detector nor a module with a DETECTOR"),
        ("text", "its.x is neither a Detector nor a module with a DETECTOR"),
        (_detector("Upper"), "'Upper' cannot be a kind: write lower case words with hyphens, no severity"),
        (_detector("two words"), "'two words' cannot be a kind: write lower case words with hyphens, no severity"),
        (_detector("trailing-"), "'trailing-' cannot be a kind: write lower case words with hyphens, no severity"),
        (_detector(7), "7 cannot be a kind: write lower case words with hyphens, no severity"),  # type: ignore[arg-type]
        (_detector("warning"), "'warning' cannot be a kind: write lower case words with hyphens, no severity"),
        (_detector("adoption"), "findings of the kind adoption are those of podopsy"),
        (_detector(proves=" "), "proves is no text"),
        (_detector(needs=None), "needs is no text"),
        (_detector(contradicted_by=""), "contradicted_by is no text"),
        (_detector(find="x"), "find is no function"),
        (ImportError("no  module\nnamed y"), "ImportError: no module named y"),
        (ValueError(), "ValueError"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_reason(install: Install, content: Any, reason: str) -> None:
    found = install(("dist", "x", content), ("dist", "y", _detector("good")), taken=("adoption",))
    assert found.problems == (f"detector x of dist is left out: {reason}",)
    assert [d.kind for d in found.detectors] == ["good"]


def test_of_two_detectors_of_one_kind_the_first_is_taken(install: Install) -> None:
    found = install(("dist-a", "x", _detector()), ("dist-b", "x", _detector()))
    assert [d.distribution for d in found.detectors] == ["dist-a"]
    assert found.problems == ("detector x of dist-b is left out: findings of the kind own-kind are those of dist-a",)


def test_an_interrupt_while_it_loads_is_no_problem_of_the_detector(install: Install) -> None:
    with pytest.raises(KeyboardInterrupt):
        install(("dist", "x", KeyboardInterrupt()))


# --- what they find


_GOOD = Finding("own-kind", Severity.INFO, Confidence.LIKELY, False, edge(1), edge(2), "so it is", evidence=(proof(1, "a"),))


def _run(*found: Any) -> tuple[list[Finding], list[str]]:
    told: list[str] = []
    return plugins.run(replace(_detector(find=lambda _: found), distribution="dist"), case(), told.append), told


def test_findings_that_are_some_are_taken() -> None:
    assert _run(_GOOD, replace(_GOOD, start=edge(None))) == ([_GOOD, replace(_GOOD, start=edge(None))], [])
    assert _run() == ([], [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "it gave str, not a Finding"),
        (replace(_GOOD, kind="adoption"), "it gave a finding of the kind 'adoption'"),
        (replace(_GOOD, severity="dire"), "the severity 'dire' is none of critical, warning, info"),  # type: ignore[arg-type]
        (replace(_GOOD, confidence="sure"), "the confidence 'sure' is none of certain, likely, possible"),  # type: ignore[arg-type]
        (replace(_GOOD, summary=" "), "a finding has no summary"),
        (replace(_GOOD, summary=None), "a finding has no summary"),  # type: ignore[arg-type]
        (replace(_GOOD, start=None), "start and end of a finding are Edges"),  # type: ignore[arg-type]
        (replace(_GOOD, end=at(1)), "start and end of a finding are Edges"),  # type: ignore[arg-type]
        (replace(_GOOD, evidence=()), "a finding needs evidence: at least one Proof"),
        (replace(_GOOD, evidence=(proof(1, "a"), "b")), "a finding needs evidence: at least one Proof"),  # type: ignore[arg-type]
        (replace(_GOOD, start=replace(edge(1), time=7)), "7 is no time with a zone"),  # type: ignore[arg-type]
        (replace(_GOOD, end=replace(edge(1), earliest=datetime(2026, 3, 1))), "datetime.datetime(2026, 3, 1, 0, 0) is no time with a zone"),
        (replace(_GOOD, end=replace(edge(1), latest="now")), "'now' is no time with a zone"),  # type: ignore[arg-type]
        (replace(_GOOD, evidence=(replace(proof(1, "a"), time=7),)), "7 is no time with a zone"),  # type: ignore[arg-type]
        (replace(_GOOD, details={"x": object()}), "TypeError: Type is not JSON serializable: object"),
    ],
)
def test_one_that_is_no_finding_leaves_out_all_of_the_detector(bad: Any, reason: str) -> None:
    assert _run(_GOOD, bad) == ([], [f"detector own-kind of dist broke, its findings are left out: {reason}"])


def test_a_detector_that_ends_the_process_does_not_end_the_analysis() -> None:
    def leaves(_: Any) -> Any:
        raise SystemExit(1)

    told: list[str] = []
    assert plugins.run(_detector(find=leaves), case(), told.append) == []
    assert told == ["detector own-kind of None broke, its findings are left out: SystemExit: 1"]
