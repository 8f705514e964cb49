"""Beats and their waves in a signal of any length, by the wave network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.gaps import fill_gaps
from physioclr.signal.wave_decoding import Waves, decode_waves
from physioclr.signal.wave_input import wave_input
from physioclr.signal.wave_network import WaveNetwork

__all__ = ["find_waves"]

_WHOLE_S = 60.0
_CORE_S = 50.0
_CONTEXT_S = 5.0
_OVERLAP_S = 0.1


def find_waves(
    signal_mv: NDArray[np.floating], fs_hz: float, network: WaveNetwork, *, rhythm_row: int = 0
) -> Waves:
    """Find the beats of a record and their waves in every lead.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        At least one lead, no flat ones; NaN or infinite where there is no sample.
    fs_hz : float
    network : WaveNetwork
    rhythm_row : int
        The lead in which beats are marked.

    Returns
    -------
    Waves
        In samples of `signal_mv`.

    Notes
    -----
    Up to 60 s are seen at once. A longer signal is cut into pieces of 50 s with 5 s more on either
    side, so that memory does not grow with it; a beat counts in the piece that holds its R peak.
    """
    n_samples = signal_mv.shape[1]
    if n_samples <= _WHOLE_S * fs_hz:
        return _find(signal_mv, fs_hz, network, rhythm_row)
    core, context = round(_CORE_S * fs_hz), round(_CONTEXT_S * fs_hz)
    pieces = []
    for start in range(0, n_samples, core):
        first, last = max(0, start - context), min(n_samples, start + core + context)
        found = _find(signal_mv[:, first:last], fs_hz, network, rhythm_row)
        found = Waves(found.beats + first, found.fiducials + first, found.absent)
        pieces.append(_within(found, start, start + core, _OVERLAP_S * fs_hz))
    return _joined(pieces, 2 * _OVERLAP_S * fs_hz)


def _find(
    signal_mv: NDArray[np.floating], fs_hz: float, network: WaveNetwork, rhythm_row: int
) -> Waves:
    seen = wave_input(fill_gaps(signal_mv)[0], fs_hz)
    waves = decode_waves(network.probabilities(seen.leads), seen.leads, rhythm_row=rhythm_row)
    last = signal_mv.shape[1] - 1
    fiducials = waves.fiducials * seen.step_samples
    # Less than half a network sample outside: the wave is cut by the record's edge.
    fiducials[(fiducials < 0) | (fiducials > last)] = np.nan
    return Waves(np.clip(waves.beats * seen.step_samples, 0, last), fiducials, waves.absent)


def _within(waves: Waves, start: int, stop: int, slack: float) -> Waves:
    kept = (waves.beats >= start - slack) & (waves.beats < stop + slack)
    return Waves(waves.beats[kept], waves.fiducials[:, kept], waves.absent[kept])


def _joined(pieces: list[Waves], apart: float) -> Waves:
    """Chain the pieces; of a beat that two of them hold, the first stays."""
    beats = np.concatenate([piece.beats for piece in pieces])
    fiducials = np.concatenate([piece.fiducials for piece in pieces], axis=1)
    absent = np.concatenate([piece.absent for piece in pieces])
    fresh = np.ones(beats.size, dtype=bool)
    fresh[1:] = beats[1:] - np.maximum.accumulate(beats)[:-1] > apart
    return Waves(beats[fresh], fiducials[:, fresh], absent[fresh])
