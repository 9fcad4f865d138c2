"""Which tests reach which lines, and how long each takes: a mutant is tried on these alone, the quickest first."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.mutation.mutants import FOLDERS, ROOT

_TESTS = ("tests/lifecycle", "tests/detectors", "tests/test_selection.py", "tests/test_attribution.py")
_PLUGIN = "bench.mutation.durations"


@dataclass(frozen=True, slots=True)
class Reached:
    lines: dict[str, dict[int, list[str]]]
    """By module and line, the tests that run it; a line that only runs when the module is imported has none."""
    seconds: dict[str, float]

    def tests(self, path: str, line: int, most: float) -> list[str]:
        """The quickest first, until they take ``most`` seconds."""
        by_line = self.lines.get(path, {})
        found = set(by_line.get(line, ())) or {test for tests in by_line.values() for test in tests}
        taken: list[str] = []
        spent = 0.0
        for test in sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test)):
            spent += self.seconds.get(test, 0.0)
            if taken and spent > most:
                break
            taken.append(test)
        return taken


def measured(folder: Path) -> Reached:
    """Runs the tests once, watched; what came out is kept in ``folder``, and taken from there the next time."""
    kept = folder / "reached.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        data, seconds = folder / ".coverage", folder / "seconds.json"
        settings = folder / "coveragerc"
        settings.write_text("[run]\nsource =\n" + "".join(f"    {folder}\n" for folder in FOLDERS))
        words = ["-p", _PLUGIN, "-p", "no:cacheprovider", "--cov", f"--cov-config={settings}", "--cov-context=test", "--cov-report=", "-q"]
        environment = {**os.environ, "COVERAGE_FILE": str(data), "PODOPSY_TEST_SECONDS": str(seconds)}
        subprocess.run([sys.executable, "-m", "pytest", *words, *_TESTS], cwd=ROOT, env=environment, check=True)
        kept.write_text(json.dumps([_lines(data), json.loads(seconds.read_text())]))
    lines, took = json.loads(kept.read_text())
    return Reached({path: {int(line): tests for line, tests in each.items()} for path, each in lines.items()}, took)


def _lines(data: Path) -> dict[str, dict[int, list[str]]]:
    from coverage import CoverageData

    read = CoverageData(str(data))
    read.read()
    found = {}
    for path in read.measured_files():
        by_line = read.contexts_by_lineno(path)
        found[Path(path).relative_to(ROOT).as_posix()] = {
            line: sorted({context.partition("|")[0] for context in contexts} - {""}) for line, contexts in by_line.items()
        }
    return found
