"""``--redact``: names, addresses and ids replaced in all that is printed, by a key, so that joins still hold.

The analysis is made first, of what the evidence says; then all text in it is rewritten, so that every output shows the same
replacements. What cannot be promised: what only people would recognise in free text (SECURITY.md).
"""

from analyzer.redaction.analysis import redacted
from analyzer.redaction.key import find_key
from analyzer.redaction.words import Redactor

__all__ = ["Redactor", "find_key", "redacted"]
