"""How much one ECG may be: the one place for every bound on untrusted files.

Readers call `current_limits` and `check_time`; `read_ecg(limits=...)` sets what they get. The
command line, the app and the import of cohorts go through `read_ecg`: the same bounds hold there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from physioclr.errors import RecordError

__all__ = ["ReadLimits", "check_samples", "check_time", "current_limits", "reading_within"]


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """Bounds on reading one ECG.

    Parameters
    ----------
    unpacked_bytes : int
        Most bytes that come out of an archive or a compressed file: 24 hours of 12 leads at 200 Hz
        in 16 bits are 0.4 GiB.
    ratio : int
        Most bytes out of one byte in, once more than `any_ratio_bytes` came out. Tables of ECGs
        shrink 3 to 10 times, a flat line 100 times, zeros 1032 times.
    any_ratio_bytes : int
    members : int
        Most files in an archive.
    depth : int
        Most archives within one another: 1 is an archive of files.
    samples : int
        Most samples over all leads: 24 hours of three leads at 500 Hz.
    header_bytes : int
        Most bytes of a text header.
    channels : int
        Most signals or leads.
    xml_bytes : int
        Most bytes of an XML document; resting ECGs have up to 5 MB.
    xml_elements : int
        Most elements and attributes of an XML document; the samples of the formats
        have at most 4,500.
    xml_depth : int
        Most levels of an XML document.
    json_bytes : int
        Most bytes of a JSON document, which takes about ten times as many in memory.
    seconds : float
        Longest time for one ECG.

    Raises
    ------
    ValueError
        If a bound is not above 0.
    """

    unpacked_bytes: int = 2**29
    ratio: int = 25
    any_ratio_bytes: int = 2**25
    members: int = 10_000
    depth: int = 1
    samples: int = 2**27
    header_bytes: int = 2**22
    channels: int = 1000
    xml_bytes: int = 2**25
    xml_elements: int = 200_000
    xml_depth: int = 100
    json_bytes: int = 2**24
    seconds: float = 120.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    def most_unpacked(self, packed_bytes: int) -> int:
        """Return how many bytes may come out of a compressed file.

        Parameters
        ----------
        packed_bytes : int

        Returns
        -------
        int
        """
        return min(self.unpacked_bytes, max(self.any_ratio_bytes, self.ratio * packed_bytes))


_LIMITS: ContextVar[ReadLimits] = ContextVar("_LIMITS", default=ReadLimits())  # noqa: B039
_DEADLINE_S: ContextVar[float] = ContextVar("_DEADLINE_S", default=float("inf"))


def current_limits() -> ReadLimits:
    """Return the bounds that hold for the file being read.

    Returns
    -------
    ReadLimits
    """
    return _LIMITS.get()


@contextmanager
def reading_within(limits: ReadLimits | None) -> Iterator[None]:
    """Apply bounds while one ECG is read, and start its clock.

    Parameters
    ----------
    limits : ReadLimits or None
        None for those that hold already. Within another reading the earlier deadline stays.

    Yields
    ------
    None
    """
    chosen = limits or current_limits()
    of_limits = _LIMITS.set(chosen)
    of_clock = _DEADLINE_S.set(min(_DEADLINE_S.get(), time.monotonic() + chosen.seconds))
    try:
        yield
    finally:
        _LIMITS.reset(of_limits)
        _DEADLINE_S.reset(of_clock)


def check_time(subject: str) -> None:
    """Refuse a file that takes too long; called in every loop whose length a file decides.

    Parameters
    ----------
    subject : str
        The file's name.

    Raises
    ------
    RecordError
        If the time is up.
    """
    if time.monotonic() > _DEADLINE_S.get():
        raise RecordError(
            subject,
            expected=f"an ECG that is read within {current_limits().seconds:g} s",
            found="one that takes longer",
        )


def check_samples(n_samples: int, subject: str) -> None:
    """Refuse a file that claims more samples than an ECG has.

    Parameters
    ----------
    n_samples : int
        Over all leads.
    subject : str
        The file's name.

    Raises
    ------
    RecordError
        If there are more than `ReadLimits.samples`.
    """
    most = current_limits().samples
    if n_samples > most:
        raise RecordError(
            subject,
            expected=f"at most {most:,} samples over all leads",
            found=f"a claim of {n_samples:,}: export a shorter part",
        )
