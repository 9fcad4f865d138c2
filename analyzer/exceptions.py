"""What can go wrong, as a tree.

PodopsyError
├── UsageError        the command line asks for something that cannot be (exit 2)
├── EvidenceError     there is no usable evidence (exit 3)
│   └── SourceError   one source cannot be read; the others go on
└── StoreError        the store cannot be opened or written (exit 3)

Each message is one line: what, where, what to do.
"""


class PodopsyError(Exception):
    """Base of all errors that are reported as one line, without a traceback."""

    exit_status = 1


class UsageError(PodopsyError):
    exit_status = 2


class EvidenceError(PodopsyError):
    exit_status = 3


class SourceError(EvidenceError):
    """One source is broken; what was read of it before is kept."""


class StoreError(PodopsyError):
    exit_status = 3
