"""How Go and klog print values, in each release: what the parser must undo."""

import json

_LETTERS = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}


def quote(text: str) -> str:
    """fmt's %q."""
    return '"' + "".join(_quoted(c) for c in text) + '"'


def _quoted(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def lines(text: str) -> str:
    """A value of several lines, as klog 2.40 and later (Kubernetes 1.24) write it."""
    return "<\n" + "".join(f"\t{line}\n" for line in text.split("\n")) + " >"


def pods(names: list[str], era: str) -> str:
    """A list of objects: klog to 2.79, 2.80, and since 2.90 (Kubernetes 1.25, 1.26, 1.27)."""
    if era == "json":
        return json.dumps(names, separators=(",", ":"))
    plain = "[" + " ".join(names) + "]"
    return quote(plain) if era == "quoted" else plain


def pleg(uid: str, kind: str, data: str, era: str) -> str:
    """A PLEG event in a structured line: to 1.27, and since."""
    if era == "json":
        return json.dumps({"ID": uid, "Type": kind, "Data": data}, separators=(",", ":"))
    return f"&{{ID:{uid} Type:{kind} Data:{data}}}"
