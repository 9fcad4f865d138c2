"""Rewrites what the scenarios expect."""

from tests.scenarios import FOLDER, findings, scenarios

for name in scenarios():
    (FOLDER / name / "expected.txt").write_text(findings(name), encoding="utf-8")
