"""What a command prints: words and data on stdout, everything else on stderr."""

import sys

import typer

from analyzer.outputs.screen import Screen, fitting, screen_of
from analyzer.outputs.words import printable


def say(text: str) -> None:
    """Words on stdout, as far as it can show them."""
    typer.echo(fitting(text, sys.stdout), nl=False)


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
