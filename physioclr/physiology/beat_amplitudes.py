"""How high the waves of each beat are, and what area they enclose, in every lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.quantiles import known_quantile

__all__ = ["AMPLITUDES", "BeatAmplitudes", "measure_amplitudes", "steepest_slopes"]

Floats = NDArray[np.float64]

AMPLITUDES = ("r_mv", "s_mv", "t_mv", "p_mv", "st_j_mv", "st_j60_mv")
_ISOELECTRIC_MS = 20.0
_ST_DELAY_MS = 60.0
# Beats looked at together, so that what is held beside the signal does not grow with it.
_BLOCK_BEATS = 1024


@dataclass(frozen=True, eq=False)
class BeatAmplitudes:
    """Amplitudes and areas, lead by lead and beat by beat; NaN where unknown.

    Parameters
    ----------
    amplitudes_mv : mapping of str to (n_leads, n_beats) float64
        Each of `AMPLITUDES`.
    areas_mv_ms : mapping of str to (n_leads, n_beats) float64
        Net area of ``"p"``, ``"qrs"`` and ``"t"``: parts below the baseline are subtracted.
    """

    amplitudes_mv: Mapping[str, Floats]
    areas_mv_ms: Mapping[str, Floats]


def measure_amplitudes(
    signal_mv: Floats,
    fs_hz: float,
    of_leads: Mapping[str, Floats],
    of_beats: Mapping[str, Floats],
) -> BeatAmplitudes:
    """Read the amplitudes and areas of all waves off a signal.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        Between 0.5 and 100 Hz; NaN where it is not to be measured.
    fs_hz : float
    of_leads : mapping of str to (n_leads, n_beats) float64
        Each lead's own fiducials, in samples.
    of_beats : mapping of str to (n_beats,) float64
        The fiducials that hold for all leads.

    Returns
    -------
    BeatAmplitudes

    Notes
    -----
    All but P stand over the isoelectric level, the median of the 20 ms before the onset of QRS; P
    stands over the chord from its onset to its end. R is the highest point of the QRS and at least
    0, S the lowest and at most 0. T and P are read at that lead's own peak.
    """
    blocks = [
        _amplitudes(
            signal_mv,
            fs_hz,
            {name: samples[:, block] for name, samples in of_leads.items()},
            {name: samples[block] for name, samples in of_beats.items()},
        )
        for block in _blocks(of_beats["qrs_on"].size)
    ]
    if len(blocks) == 1:
        return blocks[0]
    return BeatAmplitudes(
        _joined([block.amplitudes_mv for block in blocks]),
        _joined([block.areas_mv_ms for block in blocks]),
    )


def _blocks(n_beats: int) -> Iterator[slice]:
    for start in range(0, max(n_beats, 1), _BLOCK_BEATS):
        yield slice(start, start + _BLOCK_BEATS)


def _joined(blocks: list[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate([block[name] for block in blocks], axis=1) for name in blocks[0]}


def _amplitudes(
    signal_mv: Floats,
    fs_hz: float,
    of_leads: Mapping[str, Floats],
    of_beats: Mapping[str, Floats],
) -> BeatAmplitudes:
    before = max(1, round(_ISOELECTRIC_MS * fs_hz / 1000))
    qrs_on, qrs_off = of_beats["qrs_on"], of_beats["qrs_off"]
    stop: Floats = np.where(qrs_off > qrs_on, np.round(qrs_on), np.nan)
    baseline = _Spans.between(stop - before, stop, signal_mv.shape[1])
    level = baseline.median(signal_mv)
    qrs = _Spans.between(qrs_on, qrs_off, signal_mv.shape[1])
    t_wave = _Spans.between(of_beats["t_on"], of_beats["t_off"], signal_mv.shape[1])
    chord = (_at(signal_mv, of_leads["p_on"]) + _at(signal_mv, of_leads["p_off"])) / 2
    to_ms = 1000 / fs_hz
    return BeatAmplitudes(
        {
            "r_mv": np.maximum(qrs.highest(signal_mv) - level, 0.0),
            "s_mv": np.minimum(qrs.lowest(signal_mv) - level, 0.0),
            "t_mv": _at(signal_mv, of_leads["t_peak"]) - level,
            "p_mv": _at(signal_mv, of_leads["p_peak"]) - chord,
            "st_j_mv": _at(signal_mv, qrs_off) - level,
            "st_j60_mv": _at(signal_mv, qrs_off + _ST_DELAY_MS / to_ms) - level,
        },
        {
            "p": _area_over_chord(signal_mv, of_beats["p_on"], of_beats["p_off"]) * to_ms,
            "qrs": qrs.area(signal_mv, level) * to_ms,
            "t": t_wave.area(signal_mv, level) * to_ms,
        },
    )


def steepest_slopes(
    lead_mv: Floats, fs_hz: float, qrs_on_samples: Floats, qrs_off_samples: Floats
) -> Floats:
    """Return the largest absolute slope within each QRS of one lead.

    Parameters
    ----------
    lead_mv : (n_samples,) float64
    fs_hz : float
    qrs_on_samples, qrs_off_samples : (n_beats,) float64

    Returns
    -------
    (n_beats,) float64
        In mV/s; NaN where onset or end are not known.
    """
    steepest: Floats = np.full(qrs_on_samples.size, np.nan)
    for block in _blocks(qrs_on_samples.size):
        qrs = _Spans.between(qrs_on_samples[block], qrs_off_samples[block], lead_mv.size)
        before, after = np.maximum(qrs.at - 1, 0), np.minimum(qrs.at + 1, lead_mv.size - 1)
        slope = np.abs(lead_mv[after] - lead_mv[before]) / (after - before) * fs_hz
        top = np.where(qrs.inside, slope, -np.inf).max(axis=1, initial=-np.inf)
        steepest[block] = np.where(np.isneginf(top), np.nan, top)
    return steepest


@dataclass(frozen=True, eq=False)
class _Spans:
    """One stretch of samples a beat, as rows of a table as wide as the longest.

    Parameters
    ----------
    at : (n_beats, width) int
        Samples, all within the signal.
    inside : (n_beats, width) bool
        Whether the sample belongs to the beat's stretch.
    """

    at: NDArray[np.intp]
    inside: NDArray[np.bool_]

    @classmethod
    def between(cls, start: Floats, stop: Floats, n_samples: int) -> _Spans:
        """Take both ends in; empty where either is unknown or they are out of order."""
        known = stop > start
        first = np.round(np.where(known, start, 0)).astype(np.intp)
        last = np.round(np.where(known, stop, -1)).astype(np.intp)
        width = int((last - first).max(initial=0)) + 1
        at = first[:, None] + np.arange(width)
        inside = (at <= last[:, None]) & (at >= 0) & (at < n_samples)
        return cls(np.clip(at, 0, n_samples - 1), inside)

    def highest(self, signal: Floats) -> Floats:
        """Return (n_leads, n_beats): the highest sample; NaN if one is unknown or there is none."""
        top = np.where(self.inside, signal[:, self.at], -np.inf).max(axis=2)
        return np.where(np.isneginf(top), np.nan, top)

    def lowest(self, signal: Floats) -> Floats:
        """Return (n_leads, n_beats): the lowest sample; NaN as in `highest`."""
        bottom = np.where(self.inside, signal[:, self.at], np.inf).min(axis=2)
        return np.where(np.isposinf(bottom), np.nan, bottom)

    def median(self, signal: Floats) -> Floats:
        """Return (n_leads, n_beats): the median; NaN if a sample is unknown or there is none."""
        samples = np.where(self.inside, signal[:, self.at], np.nan)
        n_known = np.isfinite(samples).sum(axis=2)
        whole = n_known == self.inside.sum(axis=1)
        return np.where(whole, known_quantile(np.moveaxis(samples, 2, 0), 0.5), np.nan)

    def area(self, signal: Floats, level: Floats) -> Floats:
        """Return (n_leads, n_beats): the sum over `level`; NaN as in `median`."""
        over = np.where(self.inside, signal[:, self.at] - level[:, :, None], 0.0).sum(axis=2)
        return np.where(self.inside.any(axis=1), over, np.nan)


def _area_over_chord(signal: Floats, on: Floats, off: Floats) -> Floats:
    """Return (n_leads, n_beats): the sum over the straight line from onset to end."""
    spans = _Spans.between(on, off, signal.shape[1])
    n_inside = spans.inside.sum(axis=1)
    chord: Floats = n_inside * (_at(signal, on) + _at(signal, off)) / 2
    area = spans.area(signal, np.zeros((len(signal), on.size)))
    return np.asarray(area - chord, dtype=np.float64)


def _at(signal: Floats, samples: Floats) -> Floats:
    """Read a signal at fractional samples that may be NaN or outside.

    `signal` is (n_leads, n_samples), `samples` (n_beats,) or (n_leads, n_beats).
    """
    n_leads, n_samples = signal.shape
    rounded = np.broadcast_to(np.round(samples), (n_leads, samples.shape[-1]))
    known = (rounded >= 0) & (rounded < n_samples)
    index = np.where(known, rounded, 0).astype(np.intp)
    return np.where(known, np.take_along_axis(signal, index, axis=1), np.nan)
