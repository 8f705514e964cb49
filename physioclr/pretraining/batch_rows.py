"""Which ECGs a step sees: patients held out for monitoring, and the rows of each batch.

All of it is drawn from the run's seed and a number, so a resumed run repeats an uninterrupted one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from physioclr.errors import DatasetError
from physioclr.pretraining.config import PretrainConfig
from physioclr.training_data.cohort import TrainingCohort

__all__ = ["check_batch", "mixed_seed", "rows_of_batch", "split_patients"]

_MOST_HELD_OUT = 256
"""Patients to monitor on: more make a run slower and the R² hardly surer."""


def split_patients(cohort: TrainingCohort, config: PretrainConfig) -> tuple[Tensor, Tensor]:
    """Hold out all ECGs of some patients; return the rows to train on and to monitor on."""
    patient = cohort.patient.cpu()
    patients = torch.unique(patient)
    generator = torch.Generator().manual_seed(mixed_seed(config.seed, -1))
    order = torch.randperm(len(patients), generator=generator)
    n_held_out = min(int(config.held_out * len(patients)), _MOST_HELD_OUT)
    held_out = torch.isin(patient, patients[order[:n_held_out]])
    return torch.nonzero(~held_out).flatten(), torch.nonzero(held_out).flatten()


def check_batch(
    cohort: TrainingCohort, config: PretrainConfig, n_train: int, n_processes: int
) -> None:
    """Refuse a batch that cannot be shared out, or that is larger than the cohort.

    Parameters
    ----------
    cohort : TrainingCohort
    config : PretrainConfig
    n_train : int
        ECGs to train on.
    n_processes : int

    Raises
    ------
    DatasetError
        If the cohort is smaller than a batch.
    ValueError
        If a batch is not a multiple of the processes.
    """
    if config.records_per_batch % n_processes:
        raise ValueError(
            f"records_per_batch must be a multiple of the {n_processes} processes, "
            f"got {config.records_per_batch}"
        )
    if n_train < config.records_per_batch:
        held_out = len(cohort) - n_train
        raise DatasetError(
            cohort.name,
            expected=f"at least {config.records_per_batch} usable ECGs, one batch",
            found=f"{n_train}" + (f" beside {held_out} held out" if held_out else ""),
        )


def rows_of_batch(n_records: int, config: PretrainConfig, number: int) -> Tensor:
    """Return the places of a batch: a fresh permutation each epoch, the rest of it dropped."""
    per_epoch = n_records // config.records_per_batch
    epoch, place = divmod(number, per_epoch)
    generator = torch.Generator().manual_seed(mixed_seed(config.seed, -2 - epoch))
    order = torch.randperm(n_records, generator=generator)
    return order[place * config.records_per_batch : (place + 1) * config.records_per_batch]


def mixed_seed(seed: int, number: int) -> int:
    """Mix two integers into a 63-bit seed (the finaliser of SplitMix64)."""
    value = (seed * 0x9E3779B97F4A7C15 + number) & (2**64 - 1)
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (value ^ (value >> 31)) >> 1
