"""The errors PhysioCLR raises on purpose.

::

    PhysioclrError            something about the user's data, in one sentence
    ├── RecordError           a file that cannot be read as an ECG
    ├── SignalError           a readable ECG that cannot be analysed as asked
    ├── DatasetError          a cohort or a store that cannot be prepared, opened or used
    └── CheckpointError       weights or a card that are missing, damaged or do not fit

Each message names the thing, what was expected and what was found. A caller's
mistake (a wrong type or a value outside the documented range) is a plain
`TypeError` or `ValueError` instead. The app and the command line catch
`PhysioclrError` alone; anything else is a bug and surfaces as one.
"""

from __future__ import annotations

__all__ = ["CheckpointError", "DatasetError", "PhysioclrError", "RecordError", "SignalError"]


class PhysioclrError(Exception):
    """Base of every error that is about the user's data.

    Parameters
    ----------
    subject : str
        What the error is about: a file name, a record id, a store. Never a patient's name.
    expected : str
        What would have been right.
    found : str
        What is there instead.
    """

    def __init__(self, subject: str, *, expected: str, found: str) -> None:
        super().__init__(f"{subject}: expected {expected}, found {found}.")
        self.subject = subject
        self.expected = expected
        self.found = found

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword arguments when an error crosses a process boundary."""
        return _rebuild, (type(self), self.subject, self.expected, self.found)


def _rebuild(kind: type[PhysioclrError], subject: str, expected: str, found: str) -> PhysioclrError:
    return kind(subject, expected=expected, found=found)


class RecordError(PhysioclrError):
    """A file that cannot be read as an ECG."""


class SignalError(PhysioclrError):
    """A readable ECG that cannot be analysed as asked (too short, a flat lead, …)."""


class DatasetError(PhysioclrError):
    """A cohort or a store that cannot be prepared, opened or used."""


class CheckpointError(PhysioclrError):
    """Weights or a card that are missing, damaged or do not fit."""
