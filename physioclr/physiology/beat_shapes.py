"""How alike the beats of a record are in shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.median_beat import cut_beats

__all__ = ["adjacent_correlation"]

Floats = NDArray[np.float64]

# Beats looked at together: windows of 0.7 s of 12 leads at 500 Hz are then 2 MB, however long
# the record.
_BLOCK_BEATS = 64


def adjacent_correlation(
    signal_mv: Floats, fs_hz: float, r_peaks_samples: NDArray[np.int64]
) -> Floats:
    """Correlate each beat with the one before it, over all leads at once.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        NaN where unknown.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64

    Returns
    -------
    (n_beats - 1,) float64
        Of the 250 ms before R to 450 ms after it, each lead less its mean. A lead that is unknown
        somewhere in either window is left out of that pair; NaN where none is left.
    """
    starts = range(0, r_peaks_samples.size - 1, _BLOCK_BEATS)
    blocks = [
        _of_neighbours(cut_beats(signal_mv, fs_hz, r_peaks_samples[at : at + _BLOCK_BEATS + 1]))
        for at in starts
    ]
    return np.concatenate([np.empty(0), *blocks])


def _of_neighbours(windows: Floats) -> Floats:
    windows -= windows.mean(axis=-1, keepdims=True)
    # Its mean, and with it every sample, is NaN where one sample of the window was unknown.
    known = np.isfinite(windows[..., 0])
    windows[~known] = 0.0
    energy = np.einsum("blt,blt->bl", windows, windows)
    products = np.einsum("blt,blt->b", windows[1:], windows[:-1])
    # A lead that one of the two lacks is 0 there, and so out of the product; out of the norms too:
    shared = known[1:] & known[:-1]
    norms = np.sqrt((energy[1:] * shared).sum(axis=1) * (energy[:-1] * shared).sum(axis=1))
    correlation: Floats = np.full(len(norms), np.nan)
    np.divide(products, norms, out=correlation, where=norms > 0)
    return correlation
