"""What is shown, as readable text: files in a folder ``golden/``. PODOPSY_WRITE_GOLDEN=1 writes them anew: read them then."""

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("golden")


def agrees(name: str, text: str, folder: Path = FOLDER) -> None:
    path = folder / f"{name}.txt"
    if os.environ.get("PODOPSY_WRITE_GOLDEN"):
        folder.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} shows something else"
