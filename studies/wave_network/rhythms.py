"""Other rhythms out of marked ones: quicker, until P rides on T, and without P waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.wave_input import NETWORK_HZ

__all__ = ["Floats", "Marks", "Times", "beat_groups", "erase_p", "is_whole", "quicken"]

Floats = NDArray[np.float32]
Times = NDArray[np.float64]
Marks = Mapping[str, Times]

_MAX_OVERLAP_S = 0.12
_MAX_REST_S = 1.2
_SETTLE_S = 0.3
_APART_S = 0.2
_MARGIN_S = 0.012


def quicken(
    signal_mv: Floats, waves: Sequence[Marks], span_s: Times, rng: np.random.Generator
) -> tuple[Floats, list[dict[str, Times]], Times]:
    """Take time out between the end of each T wave and the onset of the next beat.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
        At 250 Hz.
    waves : sequence of mapping of str to (n_waves, 3) float64
        For each lead the onset, peak and end of its P, QRS and T waves in seconds.
    span_s : (n_leads, 2) float64
        Where waves are marked.
    rng : Generator

    Returns
    -------
    signal_mv, waves, span_s
        The same beats, nearer to one another; unchanged where no rest was found.

    Notes
    -----
    Each rest loses the same amount, from nothing to the usual rest and 120 ms more. Where that is
    more than it has, the beginning of the next beat is laid over the T wave: the two are added,
    less the level on which the beat begins. The step that remains fades out in 0.3 s.
    """
    rests = _rests(waves)
    rests = rests[rests[:, 1] + _MAX_OVERLAP_S < signal_mv.shape[1] / NETWORK_HZ]
    if not len(rests):
        return signal_mv, [dict(of_lead) for of_lead in waves], span_s
    usual = float(np.median(rests[:, 1] - rests[:, 0]))
    taken_s = rng.uniform(0.0, max(usual, 0.0) + _MAX_OVERLAP_S)
    taken = np.minimum(taken_s, rests[:, 1] - rests[:, 0] + _MAX_OVERLAP_S)
    taken = np.maximum(np.round(taken * NETWORK_HZ), 0).astype(np.intp)
    middles = rests.mean(axis=1)
    lost_s = np.concatenate([[0], np.cumsum(taken)]) / NETWORK_HZ
    moved = [
        {
            wave: marks - lost_s[np.searchsorted(middles, marks[:, 1])][:, None]
            for wave, marks in of_lead.items()
        }
        for of_lead in waves
    ]
    spans = span_s - lost_s[np.searchsorted(middles, span_s)]
    return _shortened(signal_mv, rests, taken), moved, spans


def erase_p(signal_mv: Floats, waves: Sequence[Marks]) -> tuple[Floats, list[dict[str, Times]]]:
    """Draw a straight line where each P wave was, as in a junctional rhythm.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
        At 250 Hz.
    waves : sequence of mapping of str to (n_waves, 3) float64
        For each lead the onset, peak and end of its P, QRS and T waves in seconds.

    Returns
    -------
    signal_mv, waves
        Without the P waves of which onset and end are marked.
    """
    out = signal_mv.copy()
    whole = [{"p": of_lead["p"][is_whole(of_lead["p"])]} for of_lead in waves]
    qrs = np.array([group.min() for group in beat_groups(waves, "qrs", 0)])
    ends = [group.max() for group in beat_groups(whole, "p", 2)]
    for onsets, end_s in zip(beat_groups(whole, "p", 0), ends, strict=True):
        begin = round((onsets.min() - _MARGIN_S) * NETWORK_HZ)
        behind = qrs[qrs > onsets.max()]
        stop_s = min(end_s + _MARGIN_S, behind.min(initial=np.inf))
        stop = min(round(stop_s * NETWORK_HZ), out.shape[1] - 1)
        if begin >= 0 and stop > begin:
            share = np.linspace(0, 1, stop - begin + 1, dtype=np.float32)
            line = out[:, [begin]] + (out[:, [stop]] - out[:, [begin]]) * share
            out[:, begin : stop + 1] = line
    return out, [{**of_lead, "p": of_lead["p"][~is_whole(of_lead["p"])]} for of_lead in waves]


def is_whole(marks: Times) -> NDArray[np.bool_]:
    """Tell which marks (n_waves, 3) have onset and end."""
    return np.isfinite(marks[:, ::2]).all(axis=1)


def _rests(waves: Sequence[Marks]) -> Times:
    """Return (n_rests, 2): the last end of T in any lead, and the first onset after it."""
    ends = np.array([group.max() for group in beat_groups(waves, "t", 2)])
    onsets = np.array(
        [group.min() for wave in ("p", "qrs") for group in beat_groups(waves, wave, 0)]
    )
    onsets.sort()
    after = np.searchsorted(onsets, ends - _MAX_OVERLAP_S)
    ends, after = ends[after < onsets.size], after[after < onsets.size]
    after, last = np.unique(after[::-1], return_index=True)
    rests = np.stack([ends[::-1][last], onsets[after]], axis=1).reshape(-1, 2)
    return rests[rests[:, 1] - rests[:, 0] < _MAX_REST_S]


def beat_groups(waves: Sequence[Marks], wave: str, column: int) -> list[Times]:
    """Group one mark of all leads by beat."""
    times = np.sort(np.concatenate([of_lead[wave][:, column] for of_lead in waves]))
    times = times[np.isfinite(times)]
    return np.split(times, np.flatnonzero(np.diff(times) > _APART_S) + 1) if times.size else []


def _shortened(signal_mv: Floats, rests: Times, taken: NDArray[np.intp]) -> Floats:
    """Lay each piece that begins after a rest over the end of what came before."""
    out = signal_mv.copy()
    n_lost = 0
    for (end_s, onset_s), n_taken in zip(rests, taken.tolist(), strict=True):
        n_rest = max(round((onset_s - end_s) * NETWORK_HZ), 0)
        n_over = max(n_taken - n_rest, 0)
        # The first sample of the next piece, in the signal and in what is made of it.
        begin = round((end_s + onset_s) / 2 * NETWORK_HZ) + min(n_taken, n_rest) // 2
        write = begin - n_lost - n_taken
        last = write + n_over
        if n_taken == 0:
            continue
        level = signal_mv[:, begin : begin + 1]
        over = out[:, write:last] + signal_mv[:, begin : begin + n_over] - level
        step = out[:, last - 1 : last] - level
        rest = signal_mv[:, begin + n_over :].copy()
        n_fade = min(round(_SETTLE_S * NETWORK_HZ), rest.shape[1])
        rest[:, :n_fade] += step * np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
        out = np.concatenate([out[:, :write], over, rest], axis=1)
        n_lost += n_taken
    return out
