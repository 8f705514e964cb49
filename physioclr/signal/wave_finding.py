"""Beats and their waves in a signal of any length, by the wave network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.clear_leads import SEARCHED_LEADS
from physioclr.signal.gaps import fill_gaps
from physioclr.signal.mains_hum import subtract_mains_hum
from physioclr.signal.pacing_spikes import remove_spikes
from physioclr.signal.pieces import overlapping_pieces
from physioclr.signal.wave_decoding import Waves, decode_waves
from physioclr.signal.wave_input import wave_input
from physioclr.signal.wave_network import WaveNetwork

__all__ = ["find_waves"]

_OVERLAP_S = 0.1
# Below this rate hum at 60 Hz is mirrored to less than 47 Hz, where `wave_input` lets it pass.
_MIRRORED_BELOW_HZ = 107.0


def find_waves(
    signal_mv: NDArray[np.floating],
    fs_hz: float,
    network: WaveNetwork,
    *,
    leads: Sequence[str] = (),
    rhythm_row: int = 0,
    on_progress: Callable[[float, float], None] | None = None,
) -> Waves:
    """Find the beats of a record and their waves in every lead.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        At least one lead, no flat ones; NaN or infinite where there is no sample.
    fs_hz : float
    network : WaveNetwork
    leads : sequence of str
        The names of the rows; those in `SEARCHED_LEADS` are looked at alone where P waves seem to
        be missing.
    rhythm_row : int
        The lead in which beats are marked.
    on_progress : callable, optional
        Called after each piece with the seconds done and the seconds in all.

    Returns
    -------
    Waves
        In samples of `signal_mv`.

    Notes
    -----
    A signal of more than 60 s is looked at in `overlapping_pieces`, so that memory does not grow
    with it; a beat counts in the piece that holds its mark.
    """
    searched = np.array([leads.index(lead) for lead in SEARCHED_LEADS if lead in leads], np.intp)
    pieces = []
    for piece in overlapping_pieces(signal_mv.shape[1], fs_hz):
        part = signal_mv[:, piece.first : piece.last]
        found = _find(part, fs_hz, network, rhythm_row, searched)
        found = replace(
            found,
            beats=found.beats + piece.first,
            fiducials=found.fiducials + piece.first,
            lone_p=found.lone_p + piece.first,
        )
        pieces.append(_within(found, piece.start, piece.stop, _OVERLAP_S * fs_hz))
        if on_progress is not None:
            on_progress(piece.stop / fs_hz, signal_mv.shape[1] / fs_hz)
    return pieces[0] if len(pieces) == 1 else _joined(pieces, 2 * _OVERLAP_S * fs_hz)


def _find(
    signal_mv: NDArray[np.floating],
    fs_hz: float,
    network: WaveNetwork,
    rhythm_row: int,
    searched: NDArray[np.intp],
) -> Waves:
    if fs_hz < _MIRRORED_BELOW_HZ or not np.isfinite(signal_mv).all():
        signal_mv, missing = fill_gaps(signal_mv)
        if fs_hz < _MIRRORED_BELOW_HZ:
            signal_mv, _ = subtract_mains_hum(signal_mv, missing, fs_hz)
    signal_mv = remove_spikes(signal_mv, fs_hz)
    seen = wave_input(signal_mv, fs_hz)

    def look_alone() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        return searched, network.probabilities(seen.leads[searched], alone=True)

    waves = decode_waves(
        network.probabilities(seen.leads),
        seen.leads,
        rhythm_row=rhythm_row,
        look_alone=look_alone if searched.size else None,
    )
    last = signal_mv.shape[1] - 1
    fiducials = waves.fiducials * seen.step_samples
    # Less than half a network sample outside: the wave is cut by the record's edge.
    fiducials[(fiducials < 0) | (fiducials > last)] = np.nan
    return replace(
        waves,
        beats=np.clip(waves.beats * seen.step_samples, 0, last),
        fiducials=fiducials,
        lone_p=np.clip(waves.lone_p * seen.step_samples, 0, last),
    )


def _within(waves: Waves, start: int, stop: int, slack: float) -> Waves:
    kept = (waves.beats >= start - slack) & (waves.beats < stop + slack)
    lone = waves.lone_p[(waves.lone_p >= start) & (waves.lone_p < stop)]
    return Waves(
        waves.beats[kept],
        waves.fiducials[:, kept],
        waves.absent[kept],
        lone,
        waves.disputed_p[kept],
        waves.flutter[kept],
    )


def _joined(pieces: list[Waves], apart: float) -> Waves:
    """Chain the pieces; of a beat that two of them hold, the first stays."""
    beats = np.concatenate([piece.beats for piece in pieces])
    fiducials = np.concatenate([piece.fiducials for piece in pieces], axis=1)
    absent = np.concatenate([piece.absent for piece in pieces])
    fresh = np.ones(beats.size, dtype=bool)
    fresh[1:] = beats[1:] - np.maximum.accumulate(beats)[:-1] > apart
    disputed = np.concatenate([piece.disputed_p for piece in pieces])
    lone = np.concatenate([piece.lone_p for piece in pieces])
    flutter = np.concatenate([piece.flutter for piece in pieces])
    return Waves(
        beats[fresh], fiducials[:, fresh], absent[fresh], lone, disputed[fresh], flutter[fresh]
    )
