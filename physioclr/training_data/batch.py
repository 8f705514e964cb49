"""What an objective is given, `TrainingBatch`, and what it can ask of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from physioclr.augment.windows import EcgWindows
from physioclr.training_data.tensor_space import TensorSpace

__all__ = ["Need", "TrainingBatch"]

Need = Literal["physiology", "beats", "neighbours", "labels", "dipole", "levels", "statements"]
"""What an objective can ask of a cohort: measured physiology, R peaks, a second window of each
recording, labels, the leads that the heart's dipole follows from, levels of physiology."""


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """Recordings of a batch, each cut into the same number of consecutive windows.

    The windows of a recording are next to each other and in the order of time.

    Parameters
    ----------
    windows : EcgWindows
    recording : (n_windows,) int64 tensor
        Row of the recording in the cohort.
    patient : (n_windows,) int64 tensor
        Equal where the patient is.
    peaks : (n_windows, n_peaks) int64 tensor
        Samples of the P, R and T peaks; padded with `n_samples`.
    physiology : (n_recordings, d) float32 tensor
        The physiological vector of each recording; NaN where not measurable.
    space : TensorSpace
        What physiological vectors are compared in.
    labels : (n_recordings, n_labels) float32 tensor
        1, 0, or NaN where unknown.
    levels : (n_recordings, n_levels) float32 tensor or None
        Whether each measurement is above each of its levels: 1, 0, or NaN where not measurable.
        None unless an objective needs them.
    statements : (n_recordings, n_codes) float32 tensor or None
        Whether a finding is present by the criteria: 1, 0, or NaN where that is not known. None if
        the stores have none.
    """

    windows: EcgWindows
    recording: Tensor
    patient: Tensor
    peaks: Tensor
    physiology: Tensor
    space: TensorSpace
    labels: Tensor
    levels: Tensor | None = None
    statements: Tensor | None = None

    @property
    def windows_per_recording(self) -> int:
        """How many windows each recording gives."""
        return len(self.recording) // len(self.physiology)
