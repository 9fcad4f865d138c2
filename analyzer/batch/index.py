"""The index page over all cases of a batch."""

from pathlib import Path

from jinja2 import Environment, PackageLoader

from analyzer.batch.case import REPORT, Result
from analyzer.detectors import known
from analyzer.outputs.files import whole
from analyzer.version import tool_version

INDEX = "index.html"


def write_index(results: list[Result], out: Path, *, title: str) -> None:
    """``index.html``: a row a case, with what was found and a link to its report."""
    environment = Environment(loader=PackageLoader("analyzer.batch"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.get_template("index.html").render(
        title=title, results=results, kinds=[d.kind for d in known()], report=REPORT, version=tool_version()
    )
    with whole(out / INDEX) as file:
        file.write(page.encode())
