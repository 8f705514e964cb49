"""Stores made ready for training: preprocessed once, every tensor on the device.

Each ECG is cut into consecutive windows; the windows of one recording are each other's neighbours
in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physioclr.datasets.store import Store
from physioclr.errors import DatasetError, SignalError
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.preprocessing import Preprocessing

__all__ = ["TrainingBatch", "TrainingCohort"]

_WINDOWS_PER_RECORD = 2


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """Windows of a batch, two consecutive ones of each recording.

    Parameters
    ----------
    signal : (n_windows, n_leads, n_samples) float32 tensor
    recording : (n_windows,) int64 tensor
        Row of the recording in the cohort.
    similarity : (n_windows, n_windows) float32 tensor
        Physiological similarity; NaN where it is unknown.
    r_peaks : (n_windows, n_cuts + 1) int64 tensor
    cuts : (n_windows, n_cuts) int64 tensor
        As `physioclr.augment.HeartbeatShuffle` takes them.
    near_peak : (n_windows, n_samples) bool tensor
        True near a P, R or T peak.
    """

    signal: Tensor
    recording: Tensor
    similarity: Tensor
    r_peaks: Tensor
    cuts: Tensor
    near_peak: Tensor


@dataclass(frozen=True, eq=False)
class TrainingCohort:
    """Everything an objective needs of a cohort.

    Parameters
    ----------
    windows : (n_records, 2, n_leads, n_samples) float32 tensor
    r_peaks, cuts : (n_records, 2, …) int64 tensor
    near_peak : (n_records, 2, n_samples) bool tensor
    physiology : (n_records, d) float64 array
        NaN where not measurable.
    space : PhysiologySpace
        Fitted on `physiology`.
    n_records : tuple of int
        How many ECGs each store gave.
    """

    windows: Tensor
    r_peaks: Tensor
    cuts: Tensor
    near_peak: Tensor
    physiology: NDArray[np.float64]
    space: PhysiologySpace
    n_records: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.windows)

    @classmethod
    def from_stores(
        cls,
        stores: Sequence[Store],
        preprocessing: Preprocessing,
        *,
        peak_halfwidth_ms: float,
        device: torch.device,
    ) -> TrainingCohort:
        """Preprocess stores into one cohort.

        Parameters
        ----------
        stores : sequence of Store
        preprocessing : Preprocessing
        peak_halfwidth_ms : float
        device : torch.device

        Returns
        -------
        TrainingCohort
            Of the ECGs with a signal in every lead, store by store; the others are left out.

        Raises
        ------
        DatasetError
            If the ECGs are shorter than two windows, or none is usable.
        """
        parts = [_usable(store, preprocessing) for store in stores]
        names = tuple(stores[0].physiology.columns)
        physiology = np.concatenate([part.physiology for part in parts])
        beats = [beat for part in parts for beat in part.beats]
        cohort = " + ".join(
            f"{s.source}, {len(p.windows)} ECGs" for s, p in zip(stores, parts, strict=True)
        )
        n_samples = preprocessing.window_samples
        n_cuts = max(max(len(cuts) for beat in beats for cuts in beat.cuts), 1)
        half_width = round(peak_halfwidth_ms * preprocessing.fs_hz / 1000)
        near_peak = [_near(b.peaks, _WINDOWS_PER_RECORD * n_samples, half_width) for b in beats]
        return cls(
            windows=torch.from_numpy(np.concatenate([part.windows for part in parts])).to(device),
            r_peaks=_padded([b.r_peaks for b in beats], n_cuts + 1, pad=n_samples).to(device),
            cuts=_padded([b.cuts for b in beats], n_cuts, pad=n_samples).to(device),
            near_peak=torch.from_numpy(np.stack(near_peak))
            .view(len(beats), _WINDOWS_PER_RECORD, n_samples)
            .to(device),
            physiology=physiology,
            space=PhysiologySpace.fit(physiology, names, cohort=cohort),
            n_records=tuple(len(part.windows) for part in parts),
        )

    def batch(self, rows: Tensor) -> TrainingBatch:
        """Return the windows of some recordings.

        Parameters
        ----------
        rows : (n_records_in_batch,) int64 tensor

        Returns
        -------
        TrainingBatch
            The two windows of one recording are next to each other.
        """
        values = self.physiology[rows.cpu().numpy()]
        similarity = self.space.similarity(values, values)
        similarity = np.repeat(
            np.repeat(similarity, _WINDOWS_PER_RECORD, 0), _WINDOWS_PER_RECORD, 1
        )
        device = self.windows.device
        rows = rows.to(device)
        return TrainingBatch(
            signal=self.windows[rows].flatten(0, 1),
            recording=rows.repeat_interleave(_WINDOWS_PER_RECORD),
            similarity=torch.from_numpy(similarity.astype(np.float32)).to(device),
            r_peaks=self.r_peaks[rows].flatten(0, 1),
            cuts=self.cuts[rows].flatten(0, 1),
            near_peak=self.near_peak[rows].flatten(0, 1),
        )


@dataclass(frozen=True)
class _WindowedBeats:
    """Beats of one ECG at the encoder's rate: by window, but peaks over the whole ECG."""

    r_peaks: list[NDArray[np.int64]]
    cuts: list[NDArray[np.int64]]
    peaks: NDArray[np.int64]


@dataclass(frozen=True)
class _Usable:
    """The ECGs of one store that can be trained on."""

    windows: NDArray[np.float32]
    physiology: NDArray[np.float64]
    beats: list[_WindowedBeats]


def _usable(store: Store, preprocessing: Preprocessing) -> _Usable:
    needed_s = _WINDOWS_PER_RECORD * preprocessing.window_s
    if store.n_samples < needed_s * store.fs_hz:
        raise DatasetError(
            store.path.name,
            expected=f"ECGs of at least {needed_s:g} s, two neighbouring windows",
            found=f"{store.n_samples / store.fs_hz:g} s",
        )
    n_samples = preprocessing.window_samples
    windows, rows = [], []
    for row in range(len(store)):
        try:
            signal = preprocessing.signal(store.record(row))
        except SignalError:
            continue
        consecutive = signal[:, : _WINDOWS_PER_RECORD * n_samples]
        by_window = consecutive.reshape(len(signal), _WINDOWS_PER_RECORD, n_samples)
        windows.append(by_window.swapaxes(0, 1))
        rows.append(row)
    if not rows:
        raise DatasetError(
            store.path.name, expected="ECGs with a signal in every lead", found="none"
        )
    return _Usable(
        windows=np.stack(windows),
        physiology=store.physiology.to_numpy(dtype=np.float64)[rows],
        beats=[
            _windowed_beats(beat, preprocessing.fs_hz / store.fs_hz, n_samples)
            for beat in store.beats.iloc[rows].itertuples()
        ],
    )


def _windowed_beats(beat: object, rate: float, n_samples: int) -> _WindowedBeats:
    """Bring R peaks, and the cut after each, to the encoder's rate and to their windows."""
    r_peaks, cuts, p_peaks, t_peaks = (
        _scaled(getattr(beat, f"{name}_samples"), rate)
        for name in ("r_peaks", "cuts", "p_peaks", "t_peaks")
    )
    by_window_r, by_window_cuts = [], []
    for start in range(0, _WINDOWS_PER_RECORD * n_samples, n_samples):
        r = r_peaks[(r_peaks >= start) & (r_peaks < start + n_samples)] - start
        between = cuts[np.searchsorted(cuts, r[:-1] + start, side="right")] - start
        by_window_r.append(r)
        by_window_cuts.append(between)
    return _WindowedBeats(by_window_r, by_window_cuts, np.concatenate([r_peaks, p_peaks, t_peaks]))


def _scaled(samples: Sequence[float], rate: float) -> NDArray[np.int64]:
    known = np.asarray(samples, dtype=np.float64)
    return np.asarray(np.round(known[np.isfinite(known)] * rate), dtype=np.int64)


def _near(peaks: NDArray[np.int64], n_samples: int, half_width: int) -> NDArray[np.bool_]:
    near = np.zeros(n_samples, dtype=bool)
    around = peaks[:, None] + np.arange(-half_width, half_width + 1)
    near[around[(around >= 0) & (around < n_samples)]] = True
    return near


def _padded(by_window: list[list[NDArray[np.int64]]], width: int, *, pad: int) -> Tensor:
    """Stack ragged positions into one tensor, padded at the end with `pad`."""
    padded = np.full((len(by_window), _WINDOWS_PER_RECORD, width), pad, dtype=np.int64)
    for record, windows in enumerate(by_window):
        for window, positions in enumerate(windows):
            padded[record, window, : len(positions)] = positions
    return torch.from_numpy(padded)
