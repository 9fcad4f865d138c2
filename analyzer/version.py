"""The tool's own version, without loading anything heavy."""

from importlib.metadata import PackageNotFoundError, version


def tool_version() -> str:
    try:
        return version("podopsy")
    except PackageNotFoundError:
        return "0+unknown"
