"""podopsy demo: the shipped sample incident, end to end."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o

_SAMPLE = "long-outage-return"


def register(app: typer.Typer) -> None:
    app.command()(demo)


def sample() -> Path:
    """The sample incident: in the wheel beside the package, in a checkout under sample_logs."""
    package = Path(__file__).resolve().parents[1]
    return next(p for p in (package / "_sample", package.parent / "sample_logs" / _SAMPLE) if p.is_dir())


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="Where the report goes.")] = Path("podopsy-demo.html"),
) -> None:
    """Analyze the shipped incident: a kubelet that was away for a minute. Prints the findings, writes the report."""
    from analyzer.outputs import text
    from analyzer.outputs.report import write

    analysis = o.run(o.Evidence(paths=[str(sample())]))
    o.say(text.render(analysis, "table", o.screen()))
    with o.writable(out):
        write(analysis, out, title=_SAMPLE, command="podopsy demo")
    o.say(f"\nThe same as a report to send around: {out}\n")
