"""How alike the beats of a record are in shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.quantiles import known_quantile
from physioclr.signal.median_beat import cut_beats

__all__ = ["adjacent_correlation", "dominant_shape", "shape_correlation"]

Floats = NDArray[np.float64]

# Beats looked at together: windows of 0.7 s of 12 leads at 500 Hz are then 2 MB, however long
# the record.
_BLOCK_BEATS = 64
# QRS and the beginning of ST, and how finely: enough to tell two shapes apart.
_BEFORE_MS, _AFTER_MS = 100.0, 150.0
_SHAPE_HZ = 125.0
_SHIFTS = 3
_ALIKE = 0.9
_MIN_ALIKE = 3
_MOST_COMPARED = 200


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


def dominant_shape(
    signal_mv: Floats, fs_hz: float, r_peaks_samples: NDArray[np.int64]
) -> Floats | None:
    """Find the shape of QRS that more beats share than any other.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        NaN where unknown.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
        Of the beats that may be dominant. Up to 200 of them, evenly spread, are compared.

    Returns
    -------
    (n_leads, n_window) float64 or None
        The median of the beat that has the most others alike (correlation of at least 0.9) and of
        those; each lead less its mean, 0 where unknown. None where no three beats are alike.
    """
    n_compared = min(r_peaks_samples.size, _MOST_COMPARED)
    if n_compared < _MIN_ALIKE:
        return None
    spread = np.linspace(0, r_peaks_samples.size - 1, n_compared).astype(np.intp)
    windows, known = _shape_windows(signal_mv, fs_hz, r_peaks_samples[spread])
    rows = windows.reshape(n_compared, -1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    alike = rows @ rows.T >= _ALIKE
    most = int(alike.sum(axis=0).argmax())
    if alike[most].sum() < _MIN_ALIKE:
        return None
    windows[~known] = np.nan
    return np.nan_to_num(known_quantile(windows[alike[most]], 0.5), nan=0.0)


def shape_correlation(
    signal_mv: Floats, fs_hz: float, r_peaks_samples: NDArray[np.int64], shape: Floats
) -> Floats:
    """Correlate each beat with one shape, over all leads at once.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        NaN where unknown.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
    shape : (n_leads, n_window) float64
        As `dominant_shape` gives it.

    Returns
    -------
    (n_beats,) float64
        The highest over shifts of about 24 ms, as beats are not all marked at the same place of
        their QRS. NaN where no lead is known of both.
    """
    blocks = [
        _highest_correlation(
            *_shape_windows(signal_mv, fs_hz, r_peaks_samples[at : at + _BLOCK_BEATS], _SHIFTS),
            shape,
        )
        for at in range(0, r_peaks_samples.size, _BLOCK_BEATS)
    ]
    return np.concatenate([np.empty(0), *blocks])


def _highest_correlation(windows: Floats, known: NDArray[np.bool_], shape: Floats) -> Floats:
    """Slide a shape over windows (n_beats, n_leads, …) that are longer by twice `_SHIFTS`."""
    of_lead = np.einsum("lt,lt->l", shape, shape)
    n_window = shape.shape[1]
    slid = np.lib.stride_tricks.sliding_window_view(windows, n_window, axis=2)
    # The shape has mean 0 in each lead, so only the norm needs the windows' own means.
    products = np.tensordot(slid, shape, axes=((1, 3), (0, 1)))
    energy = np.einsum("blst,blst->bls", slid, slid) - slid.sum(axis=3) ** 2 / n_window
    norms = np.sqrt(
        np.maximum(energy, 0).swapaxes(1, 2) @ (of_lead > 0) * (known @ of_lead)[:, None]
    )
    correlation: Floats = np.full(products.shape, np.nan)
    np.divide(products, norms, out=correlation, where=norms > 0)
    return np.asarray(np.fmax.reduce(correlation, axis=1), dtype=np.float64)


def _shape_windows(
    signal_mv: Floats, fs_hz: float, r_peaks_samples: NDArray[np.int64], longer: int = 0
) -> tuple[Floats, NDArray[np.bool_]]:
    """Cut (n_beats, n_leads, n_window), each lead less its mean; unknown leads are 0, not known.

    The window is longer by `longer` of its samples at both ends.
    """
    step = max(1, round(fs_hz / _SHAPE_HZ))
    before, after = (round(ms * fs_hz / 1000 / step) for ms in (_BEFORE_MS, _AFTER_MS))
    reach = step * np.arange(-before - longer, after + longer + 1)
    at = np.clip(r_peaks_samples[:, None] + reach, 0, signal_mv.shape[1] - 1)
    windows = np.moveaxis(signal_mv[:, at], 1, 0)
    windows = windows - windows.mean(axis=2, keepdims=True)
    known = np.isfinite(windows[..., 0])
    windows[~known] = 0.0
    return windows, known
