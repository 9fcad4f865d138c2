"""Work in the thread of polars' pool: it is done there, once, what it raises is raised, and a step of polars in it comes to an end."""

import ast
import os
import subprocess
import sys

import pytest

SCRIPT = """
import threading
import polars as pl
from bench.fuzz.home import at_home

done = []

def work():
    frame = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    done.append((threading.current_thread() is threading.main_thread(), frame.select(pl.col("a") + 1, pl.col("b") * 2).rows()))

def panics():
    try:
        pl.DataFrame({"a": [1]}).select(pl.col("a").map_batches(lambda column: 1 / 0, return_dtype=pl.Int64))
    except Exception:
        done.append("told")
    raise KeyboardInterrupt

at_home(work)
try:
    at_home(panics)
except KeyboardInterrupt:
    done.append("raised")
print(done)
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_work_is_done_in_the_only_thread_of_the_pool(threads: int) -> None:
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, env=environment, timeout=60)
    assert ast.literal_eval(done.stdout) == [(threads > 1, [(2, 6), (3, 8)]), "told", "raised"]
