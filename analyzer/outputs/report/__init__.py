"""The report: one HTML file that works offline, asks nothing of any network, and is the same for the same analysis.

Log content is hostile: the template escapes it, JSON inside the script element is escaped, plotly's markup is neutralised
(``embed``), and a content security policy admits two scripts by their hashes and nothing from anywhere else.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analyzer.analysis import Analysis
from analyzer.outputs.report.embed import plain, script_hash, script_json
from analyzer.outputs.report.page import content
from analyzer.outputs.report.picture import figure
from analyzer.version import tool_version

__all__ = ["render", "write"]

_ASSETS = Path(__file__).parent / "assets"


def render(analysis: Analysis, *, title: str, command: str | None) -> str:
    """The whole page. ``command``: the command line that made it, told as provenance."""
    picture = figure(analysis)
    plotly, behaviour = _asset("plotly-basic.min.js"), _asset("page.js")
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=plain(title),
        command=plain(command) if command else None,
        version=tool_version(),
        policy=f"default-src 'none'; script-src {script_hash(plotly)} {script_hash(behaviour)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'",
        style=_asset("page.css"),
        plotly=plotly,
        behaviour=behaviour,
        model=script_json(picture),
        notes=picture["notes"],
        **content(analysis),
    )


def write(analysis: Analysis, path: str | Path, *, title: str, command: str | None) -> None:
    """Render to a file. Raises OSError if it cannot be written."""
    Path(path).write_bytes(render(analysis, title=title, command=command).encode("utf-8", "replace"))


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
