"""What else could do a part of the task, as a user would write it: find the lifecycle lines of a journal in JSON, and take them apart.

None of them does what the tool does. Each is left out, with a word, where it is not installed.
"""

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

WORDS = r"SyncLoop \((ADD|PLEG|DELETE|REMOVE)|Killing container"

_JQ = f'select(.MESSAGE | strings | test("{WORDS.replace(chr(92), chr(92) * 2)}")) | [.__REALTIME_TIMESTAMP, ._HOSTNAME, .MESSAGE] | @tsv'
_DUCKDB = """
import sys, duckdb
columns = "{__REALTIME_TIMESTAMP: 'VARCHAR', _HOSTNAME: 'VARCHAR', MESSAGE: 'VARCHAR'}"
lines = f"read_json('{sys.argv[1]}', format='newline_delimited', columns={columns})"
wanted = f"regexp_matches(MESSAGE, '{sys.argv[2]}')"
taken = "__REALTIME_TIMESTAMP::bigint, _HOSTNAME, regexp_extract(MESSAGE, '[0-9a-f]{64}')"
duckdb.sql(f"select {taken} from {lines} where {wanted}").fetchall()
"""
_PANDAS = """
import sys, pandas
frame = pandas.read_json(sys.argv[1], lines=True, dtype=False)
some = frame[frame.MESSAGE.str.contains(sys.argv[2].replace('(ADD', '(?:ADD'), regex=True)]
some.MESSAGE.str.extract('([0-9a-f]{64})')
"""
_POLARS = """
import sys, polars as pl
schema = dict.fromkeys(('__REALTIME_TIMESTAMP', '_HOSTNAME', 'MESSAGE'), pl.String)
some = pl.scan_ndjson(sys.argv[1], schema=schema).filter(pl.col('MESSAGE').str.contains(sys.argv[2]))
some.with_columns(pl.col('MESSAGE').str.extract('([0-9a-f]{64})').alias('id')).collect()
"""


def commands(journal: Path) -> dict[str, Sequence[str]]:
    """By name, of those that are installed."""
    programs = {"rg -c": ("rg", "-c", WORDS, str(journal)), "jq": ("jq", "-r", _JQ, str(journal))}
    scripts = {"duckdb": _DUCKDB, "pandas": _PANDAS, "polars": _POLARS}
    found: dict[str, Sequence[str]] = {name: command for name, command in programs.items() if shutil.which(command[0])}
    here = [name for name in scripts if importlib.util.find_spec(name)]
    return found | {name: (sys.executable, "-c", scripts[name], str(journal), WORDS) for name in here}


def missing(found: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for name in ("rg -c", "jq", "duckdb", "pandas", "polars") if name not in found]


def journalctl(binary: Path) -> dict[str, Sequence[str]]:
    """For a binary journal of the user's own."""
    if shutil.which("journalctl") is None:
        return {}
    place = ("-D", str(binary)) if binary.is_dir() else ("--file", str(binary))
    return {"journalctl -o json": ("journalctl", *place, "-o", "json", "--no-pager")}
