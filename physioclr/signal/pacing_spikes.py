"""Spikes of a pacemaker: found on the raw signal, taken out of it, counted by chamber."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from physioclr.signal.gaps import fill_gaps
from physioclr.signal.pieces import overlapping_pieces

__all__ = [
    "MIN_RATE_HZ",
    "PacingSpikes",
    "classify_pacing_spikes",
    "find_spikes",
    "find_spikes_in_pieces",
    "remove_spikes",
]

Floats = NDArray[np.floating]
Samples = NDArray[np.int64]

MIN_RATE_HZ = 240.0
"""Below this sampling rate spikes are not looked for: the filter before sampling erases them."""

_STEP_S = 0.002
_NEAR_S, _AROUND_S = 0.008, 0.034
_STEEPER, _LESS_STEEP = 3.5, 2.0
_LEAST_MV, _LEAST_IN_LEAD_MV, _LEAST_LEADS = 0.05, 0.02, 0.4
_OVER_USUAL = 6.0
_LONGEST_S, _BACK = 0.03, 0.35
_MIN_SPIKES, _ALIKE = 3, 0.6
_RINGING_S = 0.004
# Before the onset of QRS: what a ventricular and an atrial spike lead it by.
_VENTRICULAR_MS, _ATRIAL_MS = (-40.0, 85.0), (85.0, 350.0)
_SAME_DELAY_MS, _LEAST_SHARE, _LEAST_OF_BEATS = 20.0, 0.5, 1 / 3


@dataclass(frozen=True, eq=False)
class PacingSpikes:
    """The pacing spikes of a record.

    Parameters
    ----------
    samples : (n_spikes,) int64
        Where each begins.
    ventricular : (n_spikes,) bool
        True before QRS, False before the P wave.
    reason : str
        Why they were not looked for; empty if they were.
    """

    samples: Samples
    ventricular: NDArray[np.bool_]
    reason: str = ""

    @property
    def chambers(self) -> str:
        """``"none"``, ``"atrial"``, ``"ventricular"``, ``"both"`` or ``"not judged"``."""
        if self.reason:
            return "not judged"
        if not self.samples.size:
            return "none"
        if self.ventricular.all():
            return "ventricular"
        return "both" if self.ventricular.any() else "atrial"

    @property
    def sentence(self) -> str:
        """How many of each chamber, or why that is not known; empty if there are none."""
        if self.reason:
            return f"{self.reason[:1].upper()}{self.reason[1:]}."
        n_ventricular = int(self.ventricular.sum())
        counts = ((n_ventricular, "ventricular"), (self.samples.size - n_ventricular, "atrial"))
        found = [f"{count} {chamber}" for count, chamber in counts if count]
        return f"Pacing spikes: {' and '.join(found)}." if found else ""

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON; the counts are None where spikes were not looked for."""
        judged = not self.reason
        return {
            "chambers": self.chambers,
            "n_ventricular": int(self.ventricular.sum()) if judged else None,
            "n_atrial": int((~self.ventricular).sum()) if judged else None,
            "samples": self.samples.tolist(),
            "reason": self.reason or None,
        }


def find_spikes(signal_mv: NDArray[np.floating], fs_hz: float) -> Samples:
    """Find deflections of at most 30 ms whose edges are far steeper than all around them.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        As recorded, not filtered; finite.
    fs_hz : float

    Returns
    -------
    (n_spikes, 2) int64
        First and last sample; none below `MIN_RATE_HZ`, and none if there are fewer than three of
        one shape.

    Notes
    -----
    An edge is a change within 2 ms, as the root mean square over the leads: 0.05 mV or more, six
    times the usual change, and 3.5 times what is steep (the 85th percentile) from 8 to 34 ms
    before it and after it, so that a QRS complex, steep for longer, is none. It must stand out in
    four leads of ten by themselves, and the signal must come back: an edge in the other direction,
    a third as large, within 30 ms. Three such deflections must point the same way in the leads
    (cosine of 0.6). Noise and single artefacts do not. Then all count that point that way and
    stand out twice. ``docs/physiology.md`` says how many are found at which rate.
    """
    none = np.empty((0, 2), dtype=np.int64)
    if fs_hz < MIN_RATE_HZ:
        return none
    step = max(1, round(_STEP_S * fs_hz))
    single = np.asarray(signal_mv, dtype=np.float32)
    change = single[:, step:] - single[:, :-step]
    size = np.sqrt(np.einsum("ls,ls->s", change, change) / len(change))
    sure = _candidates(change, size, fs_hz, _STEEPER, _LEAST_MV)
    if len(sure) < _MIN_SPIKES:
        return none
    shape = _shape(change, sure)
    alike = np.abs(shape.T @ shape) >= _ALIKE
    group = alike[int(alike.sum(axis=0).argmax())]
    if group.sum() < _MIN_SPIKES:
        return none
    # A spike shorter than a sample is now large and now small: others of that shape count too.
    less_sure = _candidates(change, size, fs_hz, _LESS_STEEP, _LEAST_MV / 2)
    likeness = np.abs(shape[:, group].T @ _shape(change, less_sure)).max(axis=0)
    return np.asarray(less_sure[likeness >= _ALIKE])


def _candidates(
    change: Floats, size: Floats, fs_hz: float, steeper: float, least_mv: float
) -> Samples:
    """Return what has two edges that stand out from all around them, (n_spikes, 2)."""
    least = max(least_mv, _OVER_USUAL * float(np.median(size)))
    edges, _ = find_peaks(size, height=least)
    around = _around(fs_hz)
    edges = edges[size[edges] > steeper * _steep_around(size[None], edges, around)[0]]
    in_leads = _steep_around(np.abs(change), edges, around)
    own = np.abs(change[:, edges])
    stands_out = (own > (steeper - 0.5) * in_leads) & (own > _LEAST_IN_LEAD_MV)
    edges = edges[stands_out.mean(axis=0) >= _LEAST_LEADS]
    step = max(1, round(_STEP_S * fs_hz))
    return _with_both_edges(change, edges, round(_LONGEST_S * fs_hz), step)


def _shape(change: Floats, spikes: Samples) -> Floats:
    """Return the direction of the first edge of each spike in the leads, (n_leads, n_spikes)."""
    shape = change[:, spikes[:, 0]]
    return np.asarray(shape / np.maximum(np.linalg.norm(shape, axis=0), 1e-12))


def _around(fs_hz: float) -> NDArray[np.intp]:
    """Return the places from 8 to 34 ms before and after, (2, n)."""
    after = np.arange(max(2, round(_NEAR_S * fs_hz)), round(_AROUND_S * fs_hz) + 1)
    return np.stack([-after, after])


def _steep_around(size: Floats, edges: NDArray[np.intp], around: NDArray[np.intp]) -> Floats:
    """Return (n_leads, n_edges): what is steep on the steeper side of each edge."""
    at = np.clip(edges[:, None, None] + around, 0, size.shape[1] - 1)
    return np.asarray(np.quantile(size[:, at], 0.85, axis=3).max(axis=2))


def _with_both_edges(change: Floats, edges: NDArray[np.intp], longest: int, step: int) -> Samples:
    """Pair each edge with the one by which the signal comes back, (n_spikes, 2)."""
    spikes: list[tuple[int, int]] = []
    for edge in edges:
        if spikes and edge <= spikes[-1][1] + step:
            continue
        direction = change[:, edge] / float(change[:, edge] @ change[:, edge])
        before = max(0, edge - 2 * step)
        back_before = -(direction @ change[:, before:edge])
        back_after = -(direction @ change[:, edge + 1 : edge + 1 + longest])
        if back_after.size and back_after.max() >= _BACK:
            spikes.append((int(edge), int(edge + 1 + back_after.argmax() + step)))
        elif back_before.size and back_before.max() >= _BACK:
            spikes.append((int(before + back_before.argmax()), int(edge + step)))
    return np.array(spikes, dtype=np.int64).reshape(-1, 2)


def find_spikes_in_pieces(signal_mv: NDArray[np.floating], fs_hz: float) -> Samples:
    """Find spikes in a signal of any length that may lack samples.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        NaN where there is no sample.
    fs_hz : float

    Returns
    -------
    (n_spikes, 2) int64
        As `find_spikes` gives them.
    """
    found = []
    for piece in overlapping_pieces(signal_mv.shape[1], fs_hz) if fs_hz >= MIN_RATE_HZ else ():
        spikes = find_spikes(fill_gaps(signal_mv[:, piece.first : piece.last])[0], fs_hz)
        spikes = spikes + piece.first
        found.append(spikes[(spikes[:, 0] >= piece.start) & (spikes[:, 0] < piece.stop)])
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def remove_spikes(
    signal_mv: NDArray[np.floating], fs_hz: float, spikes: Samples | None = None
) -> NDArray[np.floating]:
    """Lead the signal straight across each spike.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        Finite.
    fs_hz : float
    spikes : (n_spikes, 2) int64, optional
        As `find_spikes` gives them, which is asked by default.

    Returns
    -------
    (n_leads, n_samples) float array
        The input itself if there are none. Else 4 ms more are bridged on either side, for the
        ringing of the recorder's filters.
    """
    spikes = find_spikes(signal_mv, fs_hz) if spikes is None else spikes
    if not len(spikes):
        return signal_mv
    bridged = np.array(signal_mv)
    margin = round(_RINGING_S * fs_hz)
    last_sample = signal_mv.shape[1] - 1
    for first, last in spikes:
        start, stop = max(0, first - margin), min(last_sample, last + margin)
        share = np.linspace(0.0, 1.0, stop - start + 1)
        ends = signal_mv[:, [start]], signal_mv[:, [stop]]
        bridged[:, start : stop + 1] = ends[0] + (ends[1] - ends[0]) * share
    return bridged


def classify_pacing_spikes(spikes: Samples, qrs_on_samples: Floats, fs_hz: float) -> PacingSpikes:
    """Tell atrial from ventricular spikes, and both from artefacts.

    Parameters
    ----------
    spikes : (n_spikes, 2) int64
        Of the record, as `find_spikes` gives them.
    qrs_on_samples : (n_beats,) float64
        Onset of each QRS, increasing; NaN where unknown.
    fs_hz : float

    Returns
    -------
    PacingSpikes

    Notes
    -----
    A spike up to 85 ms before the onset of QRS (or within it) is ventricular, one 85 to 350 ms
    before it atrial. At least half of a kind, three, and as many as a third of the beats must lead
    QRS by the same time, to 20 ms, and at least half of all spikes: a pacemaker keeps its delays,
    artefacts do not.
    """
    if fs_hz < MIN_RATE_HZ:
        reason = (
            f"pacing spikes are not looked for below {MIN_RATE_HZ:.0f} Hz, this ECG has "
            f"{fs_hz:g} Hz"
        )
        return PacingSpikes(np.empty(0, dtype=np.int64), np.empty(0, dtype=bool), reason)
    starts = spikes[:, 0]
    onsets = qrs_on_samples[np.isfinite(qrs_on_samples)]
    delays_ms = np.full(starts.size, np.nan)
    slack = -_VENTRICULAR_MS[0] * fs_hz / 1000
    following = np.searchsorted(onsets, starts - slack)
    there = following < onsets.size
    delays_ms[there] = (onsets[following[there]] - starts[there]) * 1000 / fs_hz
    kept = np.zeros(starts.size, dtype=bool)
    least = max(_MIN_SPIKES, _LEAST_OF_BEATS * onsets.size)
    ventricular = delays_ms < _VENTRICULAR_MS[1]
    for low_ms, high_ms in (_VENTRICULAR_MS, _ATRIAL_MS):
        of_kind = (delays_ms >= low_ms) & (delays_ms < high_ms)
        if of_kind.sum() < _MIN_SPIKES:
            continue
        usual_ms = float(np.median(delays_ms[of_kind]))
        steady = of_kind & (np.abs(delays_ms - usual_ms) <= _SAME_DELAY_MS)
        if steady.sum() >= max(least, _LEAST_SHARE * of_kind.sum()):
            kept |= steady
    if kept.sum() < _LEAST_SHARE * starts.size:
        kept[:] = False
    return PacingSpikes(starts[kept], ventricular[kept])
