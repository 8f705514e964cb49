"""The augmentations as a table: what each is called, takes, and preserves, and how to apply it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from physioclr.augment.heartbeat_shuffle import HeartbeatShuffle
from physioclr.augment.lead_masking import RandomLeadMasking
from physioclr.errors import SignalError
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, cut_samples

__all__ = ["AUGMENTATIONS", "Augmentation", "Parameter"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of an augmentation, as a page offers it.

    Parameters
    ----------
    name, label : str
    kind : {"choice", "number"}
    default : str or float
    options : mapping of str to str
        For a choice: value to label.
    low, high, step : float
        For a number.
    unit : str
    """

    name: str
    label: str
    kind: Literal["choice", "number"]
    default: str | float
    options: Mapping[str, str] | None = None
    low: float = 0.0
    high: float = 1.0
    step: float = 0.1
    unit: str = ""


@dataclass(frozen=True)
class Augmentation:
    """One augmentation.

    Parameters
    ----------
    key, name : str
    preserves, changes : str
        A sentence each.
    citation : str
    parameters : tuple of Parameter
    apply_to_signal : callable
        From (signal (1, n_leads, n_samples), record, delineation, generator, parameters) to signal.
    """

    key: str
    name: str
    preserves: str
    changes: str
    citation: str
    parameters: tuple[Parameter, ...]
    apply_to_signal: Callable[
        [Tensor, EcgRecord, Delineation, torch.Generator, Mapping[str, Any]], Tensor
    ]

    def apply(
        self, record: EcgRecord, delineation: Delineation, *, seed: int, **parameters: Any
    ) -> EcgRecord:
        """Augment one ECG.

        Parameters
        ----------
        record : EcgRecord
        delineation : Delineation
            Of `record`.
        seed : int
        **parameters
            By the names in `parameters`; the defaults where absent.

        Returns
        -------
        EcgRecord

        Raises
        ------
        SignalError
            If the ECG does not have what the augmentation needs.
        ValueError
            If a parameter is unknown.
        """
        values = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(parameters) - set(values))
        if unknown:
            raise ValueError(f"parameters must be among {', '.join(values)}, got {unknown[0]!r}")
        signal = torch.from_numpy(np.array(record.signal_mv)).unsqueeze(0)
        generator = torch.Generator().manual_seed(seed)
        augmented = self.apply_to_signal(
            signal, record, delineation, generator, values | parameters
        )
        return replace(record, signal_mv=augmented.squeeze(0).numpy())


def _shuffle(
    signal: Tensor,
    record: EcgRecord,
    delineation: Delineation,
    generator: torch.Generator,
    parameters: Mapping[str, Any],
) -> Tensor:
    cuts = torch.from_numpy(cut_samples(delineation)).unsqueeze(0)
    if cuts.shape[1] < 3:
        raise SignalError(
            record.record_id,
            expected="at least 4 heartbeats to shuffle",
            found=str(len(delineation.r_peaks_samples)),
        )
    shuffle = HeartbeatShuffle(
        order=parameters["order"], crossfade_ms=float(parameters["crossfade_ms"])
    )
    return shuffle(
        signal,
        torch.from_numpy(np.array(delineation.r_peaks_samples)).unsqueeze(0),
        cuts,
        fs_hz=record.fs_hz,
        generator=generator,
    )


def _mask_leads(
    signal: Tensor,
    _record: EcgRecord,
    _delineation: Delineation,
    generator: torch.Generator,
    parameters: Mapping[str, Any],
) -> Tensor:
    return RandomLeadMasking(fraction=float(parameters["fraction"]))(signal, generator=generator)


AUGMENTATIONS: tuple[Augmentation, ...] = (
    Augmentation(
        key="heartbeat_shuffle",
        name="Heartbeat shuffle",
        preserves="Every heartbeat's shape, and so the intervals and amplitudes within a beat.",
        changes="The order of the heartbeats; with whole beats, the order of the RR intervals too.",
        citation="Maghsoodi et al. 2025, arXiv 2509.08116; here cut in the TP segment",
        parameters=(
            Parameter(
                "order",
                "What moves",
                "choice",
                default="beats",
                options={
                    "beats": "Whole beats with their intervals",
                    "morphology": "Beat shapes only, rhythm kept",
                },
            ),
            Parameter(
                "crossfade_ms", "Cross-fade", "number", 40.0, low=0, high=100, step=10, unit="ms"
            ),
        ),
        apply_to_signal=_shuffle,
    ),
    Augmentation(
        key="lead_masking",
        name="Random lead masking",
        preserves="The leads that are kept, sample for sample.",
        changes="The masked leads are zero.",
        citation="Oh et al. 2022, arXiv 2203.06889",
        parameters=(
            Parameter("fraction", "Share of leads masked", "number", 0.5, high=0.9, step=0.1),
        ),
        apply_to_signal=_mask_leads,
    ),
)
