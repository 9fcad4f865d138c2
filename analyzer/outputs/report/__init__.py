"""The report: one HTML file that works offline, asks nothing of any network, and is the same for the same analysis.

Log content is hostile: the template escapes it, what the picture is drawn from goes as base64, the script makes text of it and never
markup, and a content security policy admits one script and one style by their hashes and nothing from anywhere else.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analyzer.analysis import Analysis
from analyzer.outputs.files import whole
from analyzer.outputs.report.columns import micros
from analyzer.outputs.report.compare import compared
from analyzer.outputs.report.embed import content_hash, plain, short
from analyzer.outputs.report.page import content
from analyzer.outputs.report.picture import picture
from analyzer.version import tool_version

__all__ = ["render", "render_comparison", "write", "write_comparison"]

_ASSETS = Path(__file__).parent / "assets"


def render(analysis: Analysis, *, title: str, command: str | None) -> str:
    """The whole page. ``command``: the command line that made it, told as provenance."""
    return _fill("page.html.j2", title=title, command=command, behaviour=_behaviour(), model=picture(analysis), **content(analysis))


def render_comparison(one: Analysis, other: Analysis, *, names: tuple[str, str], command: str | None, title: str | None = None) -> str:
    """The page that holds two incidents side by side. It has no script."""
    told = plain(names[0]), plain(names[1])
    return _fill(
        "compare.html.j2", title=title or f"{told[0]} against {told[1]}", command=command, names=told, short=short, **compared(one, other)
    )


def _fill(template: str, *, title: str, command: str | None, behaviour: str = "", **values: object) -> str:
    """A page of the report's style, whose policy admits its own script, if it has one, and no other."""
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = _asset("page.css")
    script = f"script-src {content_hash(behaviour)}; " if behaviour else ""
    return environment.get_template(template).render(
        title=plain(title),
        command=plain(command) if command else None,
        version=tool_version(),
        policy=f"default-src 'none'; {script}style-src {content_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'",
        style=style,
        behaviour=behaviour,
        micros=lambda moment: micros(datetime.fromisoformat(moment)),
        **values,
    )


def write(analysis: Analysis, path: str | Path, *, title: str, command: str | None) -> None:
    """Render to a file. Raises OSError if it cannot be written."""
    with whole(Path(path)) as out:
        out.write(render(analysis, title=title, command=command).encode("utf-8", "replace"))


def write_comparison(
    one: Analysis, other: Analysis, path: str | Path, *, names: tuple[str, str], command: str | None, title: str | None = None
) -> None:
    """As ``write``."""
    with whole(Path(path)) as out:
        out.write(render_comparison(one, other, names=names, command=command, title=title).encode("utf-8", "replace"))


@cache
def _behaviour() -> str:
    """The script: its parts in the order of their names, which see each other and nobody else."""
    parts = [_asset(f"js/{path.name}") for path in sorted((_ASSETS / "js").glob("*.js"))]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
