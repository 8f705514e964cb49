"""Where the heartbeats of a cohort are in its windows, as padded tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from physioclr.errors import DatasetError

__all__ = ["WindowBeats"]


@dataclass(frozen=True, eq=False)
class WindowBeats:
    """R peaks, cuts and peaks by recording and window.

    Parameters
    ----------
    r_peaks : (n_records, n_windows, n_beats) int16 tensor
    cuts : (n_records, n_windows, n_beats - 1) int16 tensor
    peaks : (n_records, n_windows, n_peaks) int16 tensor
        P, R and T peaks. All three count samples from the start of a window and are padded with
        its length.
    """

    r_peaks: Tensor
    cuts: Tensor
    peaks: Tensor

    @classmethod
    def of_table(
        cls, beats: pd.DataFrame, *, rate: float, n_windows: int, window_samples: int
    ) -> Self:
        """Bring a store's table of beats to the encoder's rate and to windows.

        Parameters
        ----------
        beats : DataFrame
            Lists of samples: r_peaks_samples, cuts_samples, p_peaks_samples, t_peaks_samples.
        rate : float
            The encoder's sampling rate over that of the table.
        n_windows, window_samples : int

        Returns
        -------
        WindowBeats

        Raises
        ------
        DatasetError
            If a recording has not one cut between each two R peaks.
        """
        grid = _Grid(len(beats), n_windows, window_samples)
        record, r_peaks = _flat(beats["r_peaks_samples"], rate)
        cut_record, cuts = _flat(beats["cuts_samples"], rate)
        between = record[1:] == record[:-1]
        if not np.array_equal(cut_record, record[1:][between]):
            raise DatasetError(
                "beats.parquet",
                expected="one cut between each two R peaks",
                found=f"{len(r_peaks)} R peaks and {len(cuts)} cuts in {len(beats)} ECGs",
            )
        window = r_peaks // window_samples
        same_window = (window[1:] == window[:-1])[between]
        others = [_flat(beats[name], rate) for name in ("p_peaks_samples", "t_peaks_samples")]
        all_records = np.concatenate([record, *(where for where, _ in others)])
        all_peaks = np.concatenate([r_peaks, *(peaks for _, peaks in others)])
        padded_r = grid.padded(record, r_peaks, r_peaks // window_samples)
        padded_cuts = grid.padded(
            cut_record[same_window],
            cuts[same_window],
            window[1:][between][same_window],
            width=padded_r.shape[-1] - 1,
        )
        return cls(
            padded_r, padded_cuts, grid.padded(all_records, all_peaks, all_peaks // window_samples)
        )

    def to(self, device: torch.device) -> Self:
        """Move to a device."""
        return type(self)(self.r_peaks.to(device), self.cuts.to(device), self.peaks.to(device))

    @classmethod
    def joined(cls, parts: list[Self], *, pad: int) -> Self:
        """Put cohorts one after the other.

        Parameters
        ----------
        parts : list of WindowBeats
        pad : int
            The length of a window.

        Returns
        -------
        WindowBeats
        """
        columns = zip(*((part.r_peaks, part.cuts, part.peaks) for part in parts), strict=True)
        return cls(*(_joined(column, pad) for column in columns))


@dataclass(frozen=True)
class _Grid:
    n_records: int
    n_windows: int
    window_samples: int

    def padded(
        self,
        record: NDArray[np.int64],
        samples: NDArray[np.int64],
        window: NDArray[np.int64],
        *,
        width: int = 1,
    ) -> Tensor:
        """Lay out samples by record and window, ascending; those past the last window fall away."""
        inside = (window >= 0) & (window < self.n_windows)
        record, samples, window = record[inside], samples[inside], window[inside]
        cell = record * self.n_windows + window
        order = np.lexsort((samples, cell))
        cell, samples = cell[order], samples[order] - window[order] * self.window_samples
        first = np.searchsorted(cell, np.arange(self.n_records * self.n_windows))
        place = np.arange(len(cell)) - first[cell]
        width = max(width, int(place.max(initial=-1)) + 1)
        table = np.full((self.n_records * self.n_windows, width), self.window_samples, np.int16)
        table[cell, place] = samples
        return torch.from_numpy(table.reshape(self.n_records, self.n_windows, width))


def _flat(column: pd.Series, rate: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the record and the sample, at another rate, of every known entry of a list column."""
    lists = [np.asarray(entry if entry is not None else (), np.float64) for entry in column]
    record = np.repeat(np.arange(len(lists)), [len(entry) for entry in lists])
    samples = np.concatenate([np.empty(0), *lists])
    known = np.isfinite(samples)
    return record[known], np.round(samples[known] * rate).astype(np.int64)


def _joined(parts: tuple[Tensor, ...], pad: int) -> Tensor:
    width = max(part.shape[-1] for part in parts)
    widened = [
        torch.nn.functional.pad(part, (0, width - part.shape[-1]), value=pad) for part in parts
    ]
    return torch.cat(widened)
