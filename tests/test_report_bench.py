"""What bench/report measures is an incident indeed."""

from analyzer.outputs.report import render
from bench.report.made_up import incident


def test_a_made_up_incident_has_findings_of_the_main_kinds() -> None:
    analysis = incident(600)
    assert {"kubelet-outage", "orphaned-container", "adoption", "overshoot-window"} <= {str(f.kind) for f in analysis.findings}
    assert sum(len(p.apps) for p in analysis.life.pods) == 600
    assert render(analysis, title="t", command=None) == render(incident(600), title="t", command=None)
