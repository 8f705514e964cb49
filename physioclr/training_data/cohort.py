"""Stores made ready for training: filtered once, and everything a step needs at hand.

Each ECG is cut into consecutive windows; the windows of one recording are each other's neighbours
in time. A batch is made by tensor operations alone, without a loop over recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from physioclr.augment.vcg_transform import DIPOLE_LEADS
from physioclr.augment.windows import EcgWindows
from physioclr.datasets.baseline_features import median_beat_features
from physioclr.datasets.store import Store
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import DatasetError
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.training_data.batch import Need, TrainingBatch
from physioclr.training_data.beats import WindowBeats
from physioclr.training_data.physiology_levels import PhysiologyLevels
from physioclr.training_data.signals import (
    MV_PER_UNIT,
    WindowSignals,
    device_memory_bytes,
    filtered_signals,
    usable_rows,
)
from physioclr.training_data.tensor_space import TensorSpace

__all__ = ["TrainingCohort"]

_SHARE_OF_MEMORY = 0.5
_BYTES_PER_SAMPLE = 2
_EVERY = 2
"""Of the samples of a median beat, 10 ms apart, how many one is kept of."""


@dataclass(frozen=True, eq=False)
class TrainingCohort:
    """Everything an objective needs of a cohort.

    Parameters
    ----------
    preprocessing : Preprocessing
    n_windows : int
        Windows of each recording.
    signals : WindowSignals
    beats : WindowBeats
    patient : (n_records,) int64 tensor
        Equal where the patient is.
    physiology : (n_records, d) float32 tensor
        NaN where not measurable.
    measurements : (n_records, m) DataFrame
        Scalar measurements; NaN where not measurable.
    labels : (n_records, n_labels) float32 tensor
        1, 0, or NaN where unknown.
    label_names : tuple of str
        As ``set/label``.
    record_ids : (n_records,) array of str
    space : PhysiologySpace
        Fitted on `physiology`.
    sources : tuple of (Store, int)
        The stores, and how many ECGs each gave.
    device : torch.device
    described : (n_records, e) float32 tensor
        What `levels` are asked of: the physiological vector and the samples of the median beat.
        No entries until `with_levels`.
    levels : PhysiologyLevels
    statements : (n_records, n_codes) float32 tensor
        Findings of the criteria: 1, 0, or NaN where it is not known. No codes if a store has none.
    """

    preprocessing: Preprocessing
    n_windows: int
    signals: WindowSignals
    beats: WindowBeats
    patient: Tensor
    physiology: Tensor
    measurements: pd.DataFrame
    labels: Tensor
    label_names: tuple[str, ...]
    record_ids: NDArray[np.str_]
    space: PhysiologySpace
    sources: tuple[tuple[Store, int], ...]
    device: torch.device
    described: Tensor = field(default_factory=lambda: torch.empty(0, 0))
    levels: PhysiologyLevels = field(default_factory=lambda: PhysiologyLevels.fit(np.empty((0, 0))))
    statements: Tensor = field(default_factory=lambda: torch.empty(0, 0))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_space", TensorSpace.of(self.space, self.device))

    def __len__(self) -> int:
        return len(self.patient)

    @property
    def name(self) -> str:
        """The stores' names."""
        return " + ".join(store.path.name for store, _ in self.sources)

    @classmethod
    def from_stores(
        cls,
        stores: Sequence[Store],
        preprocessing: Preprocessing | None = None,
        *,
        device: torch.device | None = None,
        physiology: Sequence[pd.DataFrame] | None = None,
        spill_to: Path | None = None,
    ) -> TrainingCohort:
        """Make stores into one cohort.

        Parameters
        ----------
        stores : sequence of Store
        preprocessing : Preprocessing, optional
        device : torch.device, optional
            The CPU if absent.
        physiology : sequence of DataFrame, optional
            In place of the stores' own physiological vectors, a table for each, for ablations.
        spill_to : Path, optional
            A folder for the signals, where they would take more than half of the device's free
            memory; they are then streamed from it.

        Returns
        -------
        TrainingCohort
            Of the ECGs with a signal in every lead, store by store; the others are left out.

        Raises
        ------
        DatasetError
            If the ECGs are shorter than a window, none is usable, or the stores do not go
            together.
        """
        preprocessing = preprocessing or Preprocessing()
        device = device or torch.device("cpu")
        _check_that_they_go_together(stores)
        chosen = [usable_rows(store, preprocessing) for store in stores]
        n_windows = min(_windows_of(store, preprocessing) for store in stores)
        length = n_windows * preprocessing.window_samples
        n_records = sum(map(len, chosen))
        needed = n_records * len(preprocessing.leads) * length * _BYTES_PER_SAMPLE
        fits = needed <= _SHARE_OF_MEMORY * device_memory_bytes(device)
        signals = filtered_signals(
            list(zip(stores, chosen, strict=True)),
            preprocessing,
            length,
            device,
            spill_to=None if fits else spill_to,
        )
        tables = _physiology(stores, physiology)
        measured = pd.concat([t.iloc[rows] for t, rows in zip(tables, chosen, strict=True)])
        labels = _labels(stores, chosen)
        described = " + ".join(
            f"{s.source}, {len(rows)} ECGs" for s, rows in zip(stores, chosen, strict=True)
        )
        values = measured.to_numpy(np.float64)
        return cls(
            preprocessing=preprocessing,
            n_windows=n_windows,
            signals=signals,
            beats=WindowBeats.joined(
                [
                    WindowBeats.of_table(
                        store.beats.iloc[rows],
                        rate=preprocessing.fs_hz / store.fs_hz,
                        n_windows=n_windows,
                        window_samples=preprocessing.window_samples,
                    )
                    for store, rows in zip(stores, chosen, strict=True)
                ],
                pad=preprocessing.window_samples,
            ).to(device),
            patient=_patients(stores, chosen).to(device),
            physiology=torch.tensor(values, dtype=torch.float32, device=device),
            measurements=_stacked([store.measurements for store in stores], chosen),
            labels=torch.tensor(labels.to_numpy(np.float32), device=device),
            label_names=tuple(labels.columns),
            record_ids=_column(stores, chosen, "record_id"),
            space=PhysiologySpace.fit(values, tuple(measured.columns), cohort=described),
            sources=tuple((s, len(rows)) for s, rows in zip(stores, chosen, strict=True)),
            device=device,
            statements=torch.tensor(_statements(stores, chosen), device=device),
        )

    def with_levels(self) -> TrainingCohort:
        """Add the levels of physiology; this cohort itself where it has them.

        Returns
        -------
        TrainingCohort
            The levels are fitted on the ECGs that are not simulated, where there are any.
        """
        if len(self.levels):
            return self
        beats = [
            median_beat_features(store, usable_rows(store, self.preprocessing))[:, ::_EVERY]
            for store, _ in self.sources
        ]
        described = np.concatenate([self.physiology.cpu().numpy(), np.concatenate(beats)], axis=1)
        simulated = self.is_simulated
        fitted_on = described if simulated.all() else described[~simulated]
        return replace(
            self,
            described=torch.tensor(described, dtype=torch.float32, device=self.device),
            levels=PhysiologyLevels.fit(fitted_on).to(self.device),
        )

    @property
    def is_simulated(self) -> NDArray[np.bool_]:
        """Say of each recording whether it is simulated: (n_records,) bool."""
        simulated, n_records = zip(*((s.simulated, n) for s, n in self.sources), strict=True)
        return np.repeat(simulated, n_records)

    @property
    def asks_physiology(self) -> Tensor:
        """Say of each level whether it is of the physiological vector: (n_levels,) bool.

        The others are of samples of the median beat.
        """
        return torch.cat([self.levels.entry, self.levels.absent]) < self.physiology.shape[1]

    def measured(self, name: str) -> NDArray[np.float64]:
        """Return a measurement of every ECG.

        Parameters
        ----------
        name : str

        Returns
        -------
        (n_records,) float64
            NaN where not measurable, or where the stores have no such column.
        """
        if name not in self.measurements.columns:
            return np.full(len(self), np.nan)
        return self.measurements[name].to_numpy(np.float64)

    def check_for(self, needs: frozenset[Need], objective: str) -> None:
        """Refuse a cohort that lacks what an objective compares.

        Parameters
        ----------
        needs : frozenset of Need
        objective : str
            Its name.

        Raises
        ------
        DatasetError
            In one sentence.
        """
        window_s, leads = self.preprocessing.window_s, self.preprocessing.leads
        has: dict[Need, tuple[bool, str, str]] = {
            "physiology": (
                bool(torch.isfinite(self.physiology).any()),
                "measured physiology",
                "none in any ECG",
            ),
            "beats": (
                bool((self.beats.r_peaks < self.preprocessing.window_samples).any()),
                "R peaks",
                "none in any ECG",
            ),
            "neighbours": (
                self.n_windows > 1,
                f"ECGs of at least {2 * window_s:g} s, two neighbouring windows",
                f"{self.n_windows} window of {window_s:g} s",
            ),
            "labels": (len(self.label_names) > 0, "labels", "none"),
            "statements": (
                self.statements.shape[1] > 0,
                "findings by the criteria",
                "stores prepared before there were any; prepare them again",
            ),
            "levels": (len(self.levels) > 0, "physiology measured in 50 ECGs", "in fewer"),
            "dipole": (
                set(DIPOLE_LEADS) <= set(leads),
                f"the leads {', '.join(DIPOLE_LEADS)}",
                ", ".join(leads),
            ),
        }
        for need in sorted(needs):
            there, expected, found = has[need]
            if not there:
                raise DatasetError(self.name, expected=f"{expected}, for {objective}", found=found)

    def prefetch(self, rows: Tensor) -> None:
        """Begin to fetch the signals of the next batch.

        Parameters
        ----------
        rows : (n,) int64 tensor
        """
        self.signals.prefetch(rows)

    def batch(self, rows: Tensor) -> TrainingBatch:
        """Return the windows of some recordings.

        Parameters
        ----------
        rows : (n,) int64 tensor
            On the CPU.

        Returns
        -------
        TrainingBatch
        """
        units = self.signals.take(rows)
        mv_per_unit = self.preprocessing.scale_mv
        signal = units.to(torch.float32).mul_(MV_PER_UNIT / mv_per_unit)
        n, n_leads, _ = signal.shape
        by_window = signal.view(n, n_leads, self.n_windows, -1).transpose(1, 2).flatten(0, 1)
        rows = rows.to(self.device)
        windows = EcgWindows(
            signal=by_window,
            fs_hz=self.preprocessing.fs_hz,
            leads=self.preprocessing.leads,
            r_peaks=self.beats.r_peaks[rows].flatten(0, 1).long(),
            cuts=self.beats.cuts[rows].flatten(0, 1).long(),
            mv_per_unit=mv_per_unit,
        )
        return TrainingBatch(
            windows=windows,
            recording=rows.repeat_interleave(self.n_windows),
            patient=self.patient[rows].repeat_interleave(self.n_windows),
            peaks=self.beats.peaks[rows].flatten(0, 1).long(),
            physiology=self.physiology[rows],
            space=self._space,  # type: ignore[attr-defined]
            labels=self.labels[rows],
            levels=self.levels.answers(self.described[rows]) if len(self.levels) else None,
            statements=self.statements[rows] if self.statements.shape[1] else None,
        )


def _windows_of(store: Store, preprocessing: Preprocessing) -> int:
    duration_s = store.n_samples / store.fs_hz
    n_windows = int(duration_s / preprocessing.window_s + 1e-9)
    if not n_windows:
        raise DatasetError(
            store.path.name,
            expected=f"ECGs of at least {preprocessing.window_s:g} s, one window",
            found=f"{duration_s:g} s",
        )
    return n_windows


def _check_that_they_go_together(stores: Sequence[Store]) -> None:
    first = stores[0]
    for store in stores[1:]:
        if list(store.physiology.columns) != list(first.physiology.columns):
            raise DatasetError(
                store.path.name,
                expected=f"the physiological entries of {first.path.name}",
                found="others; prepare both with the same version",
            )


def _physiology(
    stores: Sequence[Store], given: Sequence[pd.DataFrame] | None
) -> Sequence[pd.DataFrame]:
    if given is None:
        return [store.physiology for store in stores]
    if len(given) != len(stores):
        raise ValueError(f"physiology must be {len(stores)} tables, got {len(given)}")
    for store, table in zip(stores, given, strict=True):
        if table.shape != store.physiology.shape:
            raise DatasetError(
                store.path.name,
                expected=f"a table of physiology of shape {store.physiology.shape}",
                found=str(table.shape),
            )
    return given


def _stacked(tables: Sequence[pd.DataFrame], chosen: Sequence[NDArray[np.intp]]) -> pd.DataFrame:
    parts = [table.iloc[rows] for table, rows in zip(tables, chosen, strict=True)]
    return pd.concat(parts, ignore_index=True)


def _column(
    stores: Sequence[Store], chosen: Sequence[NDArray[np.intp]], name: str
) -> NDArray[np.str_]:
    table = _stacked([store.records[[name]] for store in stores], chosen)
    return table[name].to_numpy(dtype=str)


def _patients(stores: Sequence[Store], chosen: Sequence[NDArray[np.intp]]) -> Tensor:
    """Give each patient a number; one of two stores is two, whatever the names."""
    store_of = np.repeat(np.arange(len(stores)), [len(rows) for rows in chosen])
    names = pd.Series(_column(stores, chosen, "patient_id"))
    codes = pd.factorize(pd.Series(store_of).astype(str) + "/" + names)[0]
    return torch.from_numpy(codes.astype(np.int64))


def _labels(stores: Sequence[Store], chosen: Sequence[NDArray[np.intp]]) -> pd.DataFrame:
    tables = []
    for store in stores:
        sets = [store.labels(name).add_prefix(f"{name}/") for name in store.label_sets]
        bare = pd.DataFrame(index=range(len(store)))
        tables.append(pd.concat([bare, *sets], axis=1))
    return _stacked(tables, chosen)


def _statements(stores: Sequence[Store], chosen: Sequence[NDArray[np.intp]]) -> NDArray[np.float32]:
    """Return the findings that tell ECGs apart: those that are abnormal, and the normal ECG.

    Sinus rhythm is in nearly every ECG, technical statements are of the recording and not of the
    heart; they are left out.
    """
    codes = [
        code.lower()
        for code, term in VOCABULARY.items()
        if (term.abnormal or code == "NORM") and code != "ABNORM" and term.family != "technical"
    ]
    if not all(set(codes) <= set(store.statements) for store in stores):
        return np.empty((sum(map(len, chosen)), 0), dtype=np.float32)
    states = _stacked([store.statements[codes] for store in stores], chosen)
    found = np.full(states.shape, np.nan, dtype=np.float32)
    found[(states == "present").to_numpy()] = 1.0
    found[(states == "absent").to_numpy()] = 0.0
    return found
