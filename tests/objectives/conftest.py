"""A batch of random windows with everything an objective can ask for."""

from __future__ import annotations

import pytest
import torch

from physioclr.augment.windows import EcgWindows
from physioclr.leads import STANDARD_LEADS
from physioclr.training_data.batch import TrainingBatch
from physioclr.training_data.tensor_space import TensorSpace


def random_batch(
    n_recordings: int = 4,
    *,
    n_windows: int = 2,
    fs_hz: float = 100.0,
    window_s: float = 5.0,
    leads: tuple[str, ...] = STANDARD_LEADS,
    seed: int = 0,
) -> TrainingBatch:
    generator = torch.Generator().manual_seed(seed)
    n, n_samples = n_recordings * n_windows, round(fs_hz * window_s)
    spacing = round(0.8 * fs_hz)
    r_peaks = torch.arange(spacing // 2, n_samples, spacing).expand(n, -1)
    recording = torch.arange(n_recordings).repeat_interleave(n_windows)
    labels = torch.randint(2, (n_recordings, 3), generator=generator).float()
    labels[0, 0] = torch.nan
    return TrainingBatch(
        windows=EcgWindows(
            torch.randn(n, len(leads), n_samples, generator=generator),
            fs_hz,
            leads,
            r_peaks,
            r_peaks[:, 1:] - spacing // 3,
        ),
        recording=recording,
        patient=recording // 2,
        peaks=r_peaks,
        physiology=torch.randn(n_recordings, 5, generator=generator),
        space=TensorSpace(torch.zeros(5), torch.ones(5), torch.eye(5)),
        labels=labels,
        levels=(torch.randn(n_recordings, 7, generator=generator) > 0).float(),
    )


@pytest.fixture
def batch() -> TrainingBatch:
    return random_batch()
