"""Text, word by word: known names by a dictionary, addresses and ids by their shape. Linear in the length of the text."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_PUBLIC = frozenset(
    """default kube-system kube-public kube-node-lease kubernetes kubelet docker containerd crio podman systemd kube-proxy
    kube-apiserver kube-controller-manager kube-scheduler etcd coredns pause localhost POD cluster""".split()  # noqa: SIM905
)
"""Names that every cluster has."""
_KEPT_ADDRESSES = frozenset({"127.0.0.1", "0.0.0.0", "::1"})
_HOSTS = "com|net|org|edu|gov|internal|local|lan|corp|intra|cloud|dev|example|test|invalid"
_KEPT_HOSTS = ("k8s.io", "kubernetes.io", "gcr.io", "docker.io", "quay.io", "github.com", "docker.com", "cluster.local", "svc.local")
_SHAPES = re.compile(
    r"(?P<mail>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24})"
    r"|(?P<uuid>(?<![0-9A-Za-z])[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}(?![0-9A-Za-z]))"
    r"|(?P<hex>(?<![0-9A-Za-z])[0-9a-f]{12,64}(?![0-9A-Za-z]))"
    r"|(?P<v4>(?<![0-9A-Za-z.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9A-Za-z]|\.\d))"
    r"|(?P<v6>(?<![0-9A-Za-z:.])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9a-fA-F]{1,4}:){1,7}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?(?![0-9A-Za-z:]))"
    r"|(?P<word>[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*)"
)
_HOST = re.compile(rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,10}}(?:{_HOSTS})\Z")
_JOINTS = re.compile(r"([-._])")


class Redactor:
    """``names``: what is to be replaced, and what kind of thing each is (``pod``); ``kept``: what is not, whatever its shape."""

    def __init__(self, key: bytes, names: Mapping[str, str], kept: Iterable[str] = ()) -> None:
        self._key = key
        self._names = {name: kind for name, kind in names.items() if len(name) > 1 and name not in _PUBLIC and not name.isdigit()}
        self._kept = frozenset(kept)
        self._deepest = max((len(_JOINTS.split(name)) for name in self._names), default=0)
        self.text = lru_cache(maxsize=100_000)(self._text)

    def _text(self, text: str) -> str:
        """The text with all that is known or looks like an address or id replaced; the same every time."""
        return text if text in self._kept else _SHAPES.sub(self._replaced, text)

    def digest(self, text: str, length: int) -> str:
        """Hexadecimal digits that only who has the key can tell from the text."""
        return hmac.new(self._key, text.encode(errors="replace"), hashlib.sha256).hexdigest()[:length]

    def _replaced(self, match: re.Match[str]) -> str:
        text, shape = match[0], match.lastgroup
        if text in self._kept:
            return text
        if shape == "uuid":
            flat = self.digest(text.replace("_", "-"), 32)
            return text[8].join((flat[:8], flat[8:12], flat[12:16], flat[16:20], flat[20:]))
        if shape == "hex":
            return self._word(text) if text.isdigit() or text.isalpha() else self._identity(text)
        if shape in ("v4", "v6"):
            return text if text in _KEPT_ADDRESSES or (shape == "v6" and not _is_address(text)) else f"ip-{self.digest(text, 8)}"
        if shape == "mail":
            return f"user-{self.digest(text, 8)}@host.invalid"
        return self._word(text)

    def _identity(self, text: str) -> str:
        """Of the same length; the first twelve digits depend on the first twelve alone, as a short id does."""
        return self.digest(text[:12], 12) + self.digest(text, 52)[: len(text) - 12]

    def _word(self, word: str) -> str:
        if word in self._names:
            return self._name(word)
        if _HOST.match(word) and not word.endswith(_KEPT_HOSTS):
            return f"host-{self.digest(word, 8)}.invalid"
        parts = _JOINTS.split(word)
        return "".join(self._parts(parts)) if len(parts) > 1 else word

    def _parts(self, parts: list[str]) -> Iterable[str]:
        """The longest names that the parts of a word make up: ``k8s_api_web-1_default`` holds a pod."""
        at = 0
        while at < len(parts):
            longest = range(min(len(parts), at + self._deepest), at, -1)
            end = next((end for end in longest if (end - at) % 2 and "".join(parts[at:end]) in self._names), None)
            if end is not None:
                yield self._name("".join(parts[at:end]))
            else:
                end = at + 1
                yield parts[at]
            at = end

    def _name(self, name: str) -> str:
        if "/" in name:
            return name
        return f"{self._names[name]}-{self.digest(name, 8)}"


def _is_address(text: str) -> bool:
    """Times and key=value pairs have colons, too."""
    return "::" in text or text.count(":") == 7
