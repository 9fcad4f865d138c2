"""What a command prints: words and data on stdout, everything else on stderr."""

import sys

import typer

from analyzer.outputs.screen import Screen, fitting, screen_of
from analyzer.outputs.words import printable


def say(text: str) -> None:
    """Words on stdout, as far as it can show them."""
    typer.echo(fitting(text, sys.stdout), nl=False)


def say_folded(text: str) -> None:
    """The same; on a terminal, lines that are wider go on further in. In a pipe a line is a line."""
    if not sys.stdout.isatty():
        say(text)
        return
    import textwrap

    width = screen().width
    for line in text.splitlines():
        inner = " " * (len(line) - len(line.lstrip()) + 6)
        say("\n".join(textwrap.wrap(line, width, subsequent_indent=inner, break_on_hyphens=False, break_long_words=False)) + "\n")


def hand_over(data: str) -> None:
    """Data on stdout: UTF-8, whatever the locale is."""
    typer.echo(data.encode(), nl=False)


def note(text: str) -> None:
    """One line on stderr. Names in it come from logs and files."""
    typer.echo(fitting(printable(text), sys.stderr), err=True)


def complain(text: str) -> None:
    """One line on stderr, that something is wrong."""
    note(f"podopsy: {text}")


def screen() -> Screen:
    """What stdout can show."""
    return screen_of(sys.stdout)
