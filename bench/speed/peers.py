"""What else could do a part of the task, as a user would write it: find the lifecycle lines of a kubelet's journal and take time, node,
pod, container and action out of each, a row a line. ``rg -c`` only counts them.

None of them does what the tool does: what the lines mean together. Each is left out, with a word, where it is not installed.
"""

import importlib.util
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

WORDS = r"SyncLoop \((ADD|PLEG|DELETE|REMOVE)|Killing container"
POD = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
CONTAINER = "[0-9a-f]{64}"
ACTION = "ContainerStarted|ContainerDied|ContainerRemoved|Killing|ADD|DELETE|REMOVE"
_FIELDS = ("__REALTIME_TIMESTAMP", "_HOSTNAME", "MESSAGE")


@dataclass(frozen=True)
class Peer:
    """``rows``: how many rows are in what it printed."""

    name: str
    command: Sequence[str]
    rows: Callable[[BinaryIO], int]


def lines(printed: BinaryIO) -> int:
    return sum(1 for _ in printed)


def below_head(printed: BinaryIO) -> int:
    """Rows of CSV with a line of names."""
    return max(lines(printed) - 1, 0)


def number(printed: BinaryIO) -> int:
    return int(printed.read())


def _quoted(pattern: str) -> str:
    """As a string of jq's."""
    return '"' + pattern.replace("\\", "\\\\") + '"'


_TAKEN = ", ".join(f"((match({_quoted(p)}) | .string)? // null)" for p in (POD, CONTAINER, ACTION))
_JQ = f"select(.MESSAGE | strings | test({_quoted(WORDS)})) | [.__REALTIME_TIMESTAMP, ._HOSTNAME, (.MESSAGE | {_TAKEN})] | @csv"
_MATCHED = ", ".join(f"regexp_match('({p})', log_body)" for p in (POD, CONTAINER, ACTION))
_LNAV = f";SELECT log_time, '%s', {_MATCHED} FROM journald_json_log WHERE log_body REGEXP '{WORDS}'"
_DUCKDB = """
import sys, duckdb
path, words, pod, container, action = sys.argv[1:]
columns = "{__REALTIME_TIMESTAMP: 'VARCHAR', _HOSTNAME: 'VARCHAR', MESSAGE: 'VARCHAR'}"
lines = f"read_json('{path}', format='newline_delimited', columns={columns})"
taken = ", ".join(f"regexp_extract(MESSAGE, '{pattern}')" for pattern in (pod, container, action))
rows = f"select __REALTIME_TIMESTAMP::bigint, _HOSTNAME, {taken} from {lines} where regexp_matches(MESSAGE, '{words}')"
duckdb.sql(f"copy ({rows}) to '/dev/stdout' (format csv, header)")
"""
_PANDAS = """
import sys, pandas
path, words, *patterns = sys.argv[1:]
frame = pandas.read_json(path, lines=True, dtype=False, convert_dates=False)
some = frame[frame.MESSAGE.str.contains(words.replace('(ADD', '(?:ADD'), regex=True)]
taken = {name: some.MESSAGE.str.extract(f'({pattern})')[0] for name, pattern in zip(('pod', 'container', 'action'), patterns)}
some[['__REALTIME_TIMESTAMP', '_HOSTNAME']].assign(**taken).to_csv(sys.stdout, index=False)
"""
_POLARS = """
import sys, polars as pl
path, words, *patterns = sys.argv[1:]
schema = dict.fromkeys(('__REALTIME_TIMESTAMP', '_HOSTNAME', 'MESSAGE'), pl.String)
some = pl.scan_ndjson(path, schema=schema).filter(pl.col('MESSAGE').str.contains(words))
taken = {name: pl.col('MESSAGE').str.extract(f'({pattern})') for name, pattern in zip(('pod', 'container', 'action'), patterns)}
some.select('__REALTIME_TIMESTAMP', '_HOSTNAME', **taken).collect().write_csv(sys.stdout)
"""
_NAMES = {"json": ("rg -c", "jq", "rg + jq", "lnav", "duckdb", "pandas", "polars"), "binary": ("journalctl -g + jq", "journalctl -o json")}


def of_json(journal: Path, node: str) -> list[Peer]:
    """For a journal as JSON, those that are installed."""
    path, quoted = str(journal), shlex.quote(str(journal))
    jq = f"jq -r {shlex.quote(_JQ)}"
    wanted = {
        "rg -c": Peer("rg -c", ("rg", "-c", WORDS, path), number),
        "jq": Peer("jq", ("jq", "-r", _JQ, path), lines),
        "rg + jq": Peer("rg + jq", ("sh", "-c", f"rg {shlex.quote(WORDS)} {quoted} | {jq}"), lines),
        "lnav": Peer("lnav", ("lnav", "-n", "-c", _LNAV % node, "-c", ":write-csv-to -", path), below_head),
    }
    for name, script in (("duckdb", _DUCKDB), ("pandas", _PANDAS), ("polars", _POLARS)):
        wanted[name] = Peer(name, (sys.executable, "-c", script, path, WORDS, POD, CONTAINER, ACTION), below_head)
    return [peer for name, peer in wanted.items() if _there(name)]


def of_binary(journal: Path) -> list[Peer]:
    """For a binary journal (folder or file)."""
    read = ["journalctl", "-D" if journal.is_dir() else "--file", str(journal), "-o", "json", "--no-pager"]
    some = shlex.join([*read, "-g", WORDS, "--case-sensitive=true", f"--output-fields={','.join(_FIELDS)}"])
    found = {
        "journalctl -g + jq": Peer("journalctl -g + jq", ("sh", "-c", f"{some} | jq -r {shlex.quote(_JQ)}"), lines),
        "journalctl -o json": Peer("journalctl -o json", read, matching),
    }
    return [peer for name, peer in found.items() if _there(name)]


def matching(printed: BinaryIO) -> int:
    """Of all that is printed, the lifecycle lines."""
    words = re.compile(WORDS.encode())
    return sum(1 for line in printed if words.search(line))


def _there(name: str) -> bool:
    words = [word for word in name.split() if word in ("rg", "jq", "lnav", "journalctl")]
    return all(map(shutil.which, words)) if words else importlib.util.find_spec(name) is not None


def missing(kind: str) -> list[str]:
    """Of the peers for a kind of journal (json, binary), those that are not installed."""
    return [name for name in _NAMES[kind] if not _there(name)]
