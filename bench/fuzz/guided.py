"""The same readers, searched by coverage: what reaches new lines is kept and changed further (libFuzzer, by way of atheris).

Run as a process of its own, which imports nothing of the analyzer before it can be watched.
"""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path


def search(name: str, seconds: float, seed: int, corpus: Path | None, save: Path) -> int:
    """Returns 1 if an input broke something, which is then kept; 2 without atheris."""
    if find_spec("atheris") is None:
        print("podopsy: atheris is not installed (pip install atheris)", file=sys.stderr)
        return 2
    from bench.fuzz.run import Fault
    from bench.fuzz.save import keep
    from bench.fuzz.seeds import seeds

    with tempfile.TemporaryDirectory() as folder:
        good, found = Path(folder) / "seeds", Path(folder) / "found"
        for place in (good, found):
            place.mkdir()
        for number, piece in enumerate(seeds(corpus)[name]):
            (good / str(number)).write_bytes(piece)
        words = [name, f"-max_total_time={int(seconds)}", f"-seed={seed}", f"-artifact_prefix={found}/", str(good)]
        done = subprocess.run([sys.executable, "-m", "bench.fuzz.guided", *words], check=False)
        broken = sorted(found.glob("*-*"))  # crash-…, timeout-…, oom-…
        for path in broken:
            what = "took too long" if path.name.startswith("timeout") else path.name
            print(f"{name}: {what}, kept as {keep(Fault(0, name, what, path.read_bytes()), save)}")
        return int(bool(broken) or done.returncode != 0)


def _watched(name: str, words: list[str]) -> None:
    """libFuzzer ends its process itself."""
    import atheris

    with atheris.instrument_imports(include=["analyzer"]):
        from bench.fuzz.trial import try_one
    limits = ["-timeout=10", "-rss_limit_mb=0", "-max_len=65536", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *limits, *words], lambda data: try_one(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    _watched(sys.argv[1], sys.argv[2:])
