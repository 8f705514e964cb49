"""The signals of a file as channels: in mV, on one time axis, under canonical names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.choice import current_choice
from physioclr.io.ecg_names import is_named_like_ecg, is_named_like_other
from physioclr.io.units import millivolts_per
from physioclr.leads import STANDARD_LEADS, canonical_lead

__all__ = [
    "LOWEST_FS_HZ",
    "Channels",
    "FileSignal",
    "join_signals",
    "rate_of_the_ecg",
    "unique_leads",
]

_MOST_NAMED = 20
LOWEST_FS_HZ = 50.0
"""QRS holds its energy between 5 and 25 Hz, so that half of 50 Hz is the least that shows one."""


@dataclass(frozen=True, eq=False)
class FileSignal:
    """One signal as a file holds it.

    Parameters
    ----------
    name : str
        As the file spells it.
    samples : (n_samples,) float array
        In `unit`; NaN where the file has no sample.
    unit : str
        Empty where the file does not say.
    fs_hz : float
    start_samples : int
        Samples of silence before the first one, on the time axis of the file.
    """

    name: str
    samples: NDArray[np.floating]
    unit: str
    fs_hz: float
    start_samples: int = 0

    def release(self) -> None:
        """Let go of the samples, which lie in the channels by now: a recording is held once."""
        object.__setattr__(self, "samples", self.samples[:0].copy())


@dataclass(frozen=True, eq=False)
class Channels:
    """Channels that hold a voltage.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
    fs_hz : float
    leads : tuple of str
        Canonical and unique.
    left_out : dict of str to str
        Channel → why it is not among them.
    warnings : tuple of str
        What was assumed or does not agree, in whole sentences.
    """

    signal_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def join_signals(
    signals: Sequence[FileSignal],
    subject: str,
    *,
    left_out: Mapping[str, str] | None = None,
    warnings: Sequence[str] = (),
) -> Channels:
    """Put the signals of a file on one time axis, in mV.

    Parameters
    ----------
    signals : sequence of FileSignal
        Those that are read are released.
    subject : str
        The file's name, for errors.
    left_out : mapping of str to str, optional
        What the reader has left out already.
    warnings : sequence of str

    Returns
    -------
    Channels
        The signals of the sampling rate that most standard leads have; others are left out. Where
        a signal begins later or ends earlier than another there is NaN.

    Raises
    ------
    RecordError
        If no signal has a unit of voltage, or their times do not fit together.
    """
    left = dict(left_out or {})
    signals = _chosen(signals, left, subject)
    voltages: list[tuple[FileSignal, float]] = []
    for signal in signals:
        unit_mv = millivolts_per(signal.unit)
        if unit_mv is not None:
            voltages.append((signal, unit_mv))
        elif signal.unit:
            left[signal.name] = f"its unit is {signal.unit}, not one of voltage"
        else:
            left[signal.name] = "its unit is not stated"
    if not voltages:
        units = ", ".join(dict.fromkeys(signal.unit or "no unit" for signal in signals))
        raise RecordError(
            subject, expected="a lead in mV, µV or V", found=f"only {units}" if units else "none"
        )
    voltages = _plausible(voltages, left, subject)
    rate = rate_of_the_ecg([signal for signal, _ in voltages])
    for signal, _ in voltages:
        if signal.fs_hz != rate:
            left[signal.name] = f"it is sampled at {signal.fs_hz:g} Hz, the ECG at {rate:g} Hz"
    kept = [(signal, unit_mv) for signal, unit_mv in voltages if signal.fs_hz == rate]
    return Channels(
        signal_mv=_on_one_axis(kept, subject),
        fs_hz=rate,
        leads=unique_leads([signal.name for signal, _ in kept], subject),
        left_out=left,
        warnings=tuple(warnings),
    )


def _chosen(
    signals: Sequence[FileSignal], left: dict[str, str], subject: str
) -> Sequence[FileSignal]:
    """Return the channels that are asked for."""
    wanted = current_choice().channels
    if wanted is None:
        return signals
    names = {name.strip() for name in wanted} | {canonical_lead(name) for name in wanted}
    chosen = [s for s in signals if {s.name.strip(), canonical_lead(s.name)} & names]
    if not chosen:
        found = ", ".join(signal.name for signal in signals[:_MOST_NAMED])
        raise RecordError(
            subject, expected=f"a channel named {', '.join(wanted)}", found=f"only {found}"
        )
    left |= {s.name: "it is not among the chosen channels" for s in signals if s not in chosen}
    return chosen


def _plausible(
    voltages: list[tuple[FileSignal, float]], left: dict[str, str], subject: str
) -> list[tuple[FileSignal, float]]:
    """Leave out what is named like another signal; ask where that is all there is."""
    if current_choice().channels is not None:
        return voltages
    others = [signal.name for signal, _ in voltages if is_named_like_other(signal.name)]
    if len(others) == len(voltages):
        named = ", ".join(dict.fromkeys(others[:_MOST_NAMED]))
        raise RecordError(
            subject,
            expected="a channel that can be an ECG; if one is, name it: "
            f"choice=ReadChoice(channels=({others[0]!r},))",
            found=f"only {named}",
        )
    if not any(is_named_like_ecg(signal.name) for signal, _ in voltages):
        return voltages
    left |= dict.fromkeys(others, "it is named like another signal")
    return [(signal, unit_mv) for signal, unit_mv in voltages if signal.name not in others]


def rate_of_the_ecg(signals: Sequence[FileSignal]) -> float:
    """Return the sampling rate at which an ECG is read.

    Parameters
    ----------
    signals : sequence of FileSignal

    Returns
    -------
    float
        Of those an ECG can have: that of most standard leads, then of most signals named like an
        ECG, then of most signals, then the highest.
    """

    def rank(rate: float) -> tuple[bool, int, int, int, float]:
        names = {canonical_lead(signal.name) for signal in signals if signal.fs_hz == rate}
        n_standard = len(names.intersection(STANDARD_LEADS))
        n_like_ecg = sum(is_named_like_ecg(name) for name in names)
        return rate >= LOWEST_FS_HZ, n_standard, n_like_ecg, len(names), rate

    return max({signal.fs_hz for signal in signals}, key=rank)


def _on_one_axis(signals: Sequence[tuple[FileSignal, float]], subject: str) -> NDArray[np.float32]:
    """Return (n_signals, n_samples) mV of signals and the size of their units."""
    first = min(signal.start_samples for signal, _ in signals)
    last = max(signal.start_samples + len(signal.samples) for signal, _ in signals)
    longest = max(len(signal.samples) for signal, _ in signals)
    if last - first > len(signals) * longest:
        raise RecordError(
            subject,
            expected="leads recorded together or one after another",
            found=f"times that span {last - first} samples, {longest} in the longest lead",
        )
    signal_mv = np.empty((len(signals), last - first), np.float32)
    for row, (signal, unit_mv) in zip(signal_mv, signals, strict=True):
        at = signal.start_samples - first
        end = at + len(signal.samples)
        row[:at] = row[end:] = np.nan
        with np.errstate(over="ignore", invalid="ignore"):  # refused with the record, or NaN
            in_mv = signal.samples if unit_mv == 1 else signal.samples.astype(np.float64) * unit_mv
            row[at:end] = in_mv
        signal.release()
    return signal_mv


def unique_leads(names: Sequence[str], subject: str) -> tuple[str, ...]:
    """Give each name its canonical spelling and number those that repeat.

    Parameters
    ----------
    names : sequence of str
    subject : str
        The file's name, for errors.

    Returns
    -------
    tuple of str

    Raises
    ------
    RecordError
        If a standard lead comes twice: which of the two it is would be a guess.
    """
    leads: dict[str, None] = {}
    copies: dict[str, int] = {}
    for name in names:
        lead = canonical_lead(name)
        if lead in leads and lead in STANDARD_LEADS:
            raise RecordError(subject, expected="each lead once", found=f"lead {lead} twice")
        spelt, number = lead, copies.get(lead, 1)
        while lead in leads:
            number += 1
            lead = f"{spelt} ({number})"
        copies[spelt] = number
        leads[lead] = None
    return tuple(leads)
