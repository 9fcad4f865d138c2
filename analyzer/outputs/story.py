"""The story in plain sentences."""

from analyzer.analysis import Analysis


def story(analysis: Analysis) -> list[str]:
    return [f.summary for f in analysis.findings[:5]]
