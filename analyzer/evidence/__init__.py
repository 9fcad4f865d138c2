"""Evidence: what was handed in, as a list of sources that can be read, wherever they lie packed."""

from analyzer.evidence.sources import Case, Source, cases, digest, walk
from analyzer.evidence.zones import parse_zone

__all__ = ["Case", "Source", "cases", "digest", "parse_zone", "walk"]
