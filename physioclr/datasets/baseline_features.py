"""The control features of every probe: what a representation must beat to be worth its cost.

A random encoder is the third control: `physioclr.evaluation.probe_features` makes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.leads import PRECORDIAL_LEADS
from physioclr.signal.filtering import remove_baseline
from physioclr.signal.median_beat import median_beats
from physioclr.signal.resampling import resample

__all__ = ["INDEPENDENT_LEADS", "median_beat_features", "physiology_features"]

INDEPENDENT_LEADS = ("I", "II", *PRECORDIAL_LEADS)
"""Eight leads that hold all that twelve do: the other limb leads are sums of I and II."""

_BEFORE_MS, _AFTER_MS = 250.0, 450.0
_BEAT_FS_HZ = 100.0
_RECORDS_AT_ONCE = 64


def physiology_features(store: Store) -> NDArray[np.float64]:
    """Return the physiological vector of every ECG of a store.

    Parameters
    ----------
    store : Store

    Returns
    -------
    (n_records, n_features) float64
        NaN = not measurable. A probe fills it and learns from its being missing.
    """
    return store.physiology.to_numpy(dtype=np.float64)


def median_beat_features(store: Store, rows: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
    """Return the median beat of the ECGs of a store, and its mean RR interval.

    Parameters
    ----------
    store : Store
    rows : (n_records,) int array, optional
        All of them if absent.

    Returns
    -------
    (n_records, 8 * n_window + 1) float64
        For each of `INDEPENDENT_LEADS` the median beat in mV, baseline removed, from 250 ms
        before R to 450 ms after at 100 Hz; last the mean RR interval in ms. NaN where a record
        has no beat, a lead has no samples or there is no second beat.
    """
    n_window = _window_samples(store.fs_hz)
    asked = np.arange(len(store)) if rows is None else rows
    features = np.full((len(asked), len(INDEPENDENT_LEADS) * n_window + 1), np.nan)
    r_peaks = store.beats["r_peaks_samples"].tolist()
    leads = [store.leads.index(lead) for lead in INDEPENDENT_LEADS]
    for start in range(0, len(asked), _RECORDS_AT_ONCE):
        chunk = asked[start : start + _RECORDS_AT_ONCE]
        for i, signal_mv in enumerate(store.signals_mv(chunk), start):
            peaks = np.asarray(r_peaks[asked[i]], dtype=np.int64)
            if peaks.size:
                features[i, :-1] = _beat(signal_mv[leads], store.fs_hz, peaks).ravel()
            if peaks.size > 1:
                features[i, -1] = np.diff(peaks).mean() * 1000 / store.fs_hz
    return features


def _beat(
    signal_mv: NDArray[np.float32], fs_hz: float, r_peaks_samples: NDArray[np.int64]
) -> NDArray[np.float64]:
    level = remove_baseline(signal_mv, fs_hz)
    beat = median_beats(level, fs_hz, r_peaks_samples, before_ms=_BEFORE_MS, after_ms=_AFTER_MS)
    return resample(beat, fs_hz, _BEAT_FS_HZ)


def _window_samples(fs_hz: float) -> int:
    cut = round(_BEFORE_MS * fs_hz / 1000) + round(_AFTER_MS * fs_hz / 1000) + 1
    return round(cut * _BEAT_FS_HZ / fs_hz)
