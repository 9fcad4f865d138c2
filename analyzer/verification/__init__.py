"""Verification: the sources are read again, and say what the findings cite; or it is told where they do not."""

from analyzer.verification.citations import Citation
from analyzer.verification.sources import Recorded
from analyzer.verification.verdict import Problem, Verdict, verify
from analyzer.verification.written import Written, read_document

__all__ = ["Citation", "Problem", "Recorded", "Verdict", "Written", "read_document", "verify"]
