"""The same readers, searched by coverage: what reaches new lines is kept and changed further (libFuzzer, by way of atheris)."""

import multiprocessing as mp
import sys
import tempfile
from pathlib import Path

from bench.fuzz.run import Fault
from bench.fuzz.seeds import seeds


def search(name: str, seconds: float, seed: int, corpus: Path | None, save: Path) -> int:
    """Returns 1 if an input broke something, which is then kept; 2 without atheris."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("podopsy: atheris is not installed (pip install atheris)", file=sys.stderr)
        return 2
    from bench.fuzz.__main__ import keep

    with tempfile.TemporaryDirectory() as folder:
        good, found = Path(folder) / "seeds", Path(folder) / "found"
        for place in (good, found):
            place.mkdir()
        for number, piece in enumerate(seeds(corpus)[name]):
            (good / str(number)).write_bytes(piece)
        process = mp.get_context("spawn").Process(target=_search, args=(name, seconds, seed, str(good), f"{found}/"))
        process.start()
        process.join()
        for path in sorted(found.glob("*-*")):  # crash-…, timeout-…, oom-…
            kept = keep(Fault(0, name, path.name, path.read_bytes()), save)
            print(f"{name}: {path.name.partition('-')[0]}, kept as {kept}")
        return int(any(found.iterdir()))


def _search(name: str, seconds: float, seed: int, good: str, found: str) -> None:
    """libFuzzer ends its process itself."""
    import atheris

    with atheris.instrument_imports(include=["analyzer"]):
        from bench.fuzz.trial import try_one
    words = [
        f"-max_total_time={int(seconds)}",
        f"-seed={seed}",
        "-timeout=10",
        "-rss_limit_mb=0",
        "-max_len=65536",
        f"-artifact_prefix={found}",
    ]
    atheris.Setup([sys.argv[0], *words, "-print_final_stats=1", "-verbosity=0", good], lambda data: try_one(name, data))
    atheris.Fuzz()
