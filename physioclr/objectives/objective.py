"""What a pretraining objective is: `Objective`, and what it is given in a step: `Step`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from physioclr.augment.draws import Draws
from physioclr.models import EcgEncoder, EncoderConfig, build_encoder
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.batch import Need, TrainingBatch
from physioclr.training_data.cohort import TrainingCohort

__all__ = ["Objective", "Step"]


@dataclass(frozen=True, eq=False)
class Step:
    """The circumstances of a step.

    Parameters
    ----------
    draws : Draws
        The source of all randomness.
    progress : float
        Share of the run that is done, in [0, 1].
    """

    draws: Draws
    progress: float = 0.0

    @property
    def processes(self) -> Processes:
        """The processes the batch is shared out to."""
        return self.draws.processes

    @classmethod
    def seeded(
        cls,
        seed: int,
        *,
        progress: float = 0.0,
        device: str | torch.device = "cpu",
        processes: Processes = ONE_PROCESS,
    ) -> Step:
        """Start a step from a seed.

        Parameters
        ----------
        seed : int
        progress : float
        device : str or torch.device
        processes : Processes

        Returns
        -------
        Step
        """
        return cls(Draws.seeded(seed, device=device, processes=processes), progress)


class Objective(nn.Module, ABC):
    """What a run minimises: an encoder, and whatever else must be trained beside it.

    A new objective is a subclass in a separate file and a line in `physioclr.objectives.table`, or
    a plug-in of the group ``physioclr.objectives`` (CONTRIBUTING.md).

    Parameters
    ----------
    encoder : EncoderConfig
    config : object
        An instance of `Config`.

    Attributes
    ----------
    Config : type
        A frozen dataclass: its fields are the settings of the objective, for `--set` too.
    title : str
        What it is called, a phrase.
    citation : str
    """

    plugin_group: ClassVar[str] = "physioclr.objectives"
    Config: ClassVar[type[Any]]
    title: ClassVar[str]
    citation: ClassVar[str]

    def __init__(self, encoder: EncoderConfig, config: Any) -> None:
        super().__init__()
        self.config = config
        self.encoder: EcgEncoder = build_encoder(encoder)

    @classmethod
    def needs(cls, config: Any) -> frozenset[Need]:  # noqa: ARG003
        """Say what the objective asks of a cohort.

        Parameters
        ----------
        config : object
            An instance of `Config`.

        Returns
        -------
        frozenset of Need
        """
        return frozenset()

    @classmethod
    def fitted(cls, config: Any, *, n_labels: int, n_levels: int) -> Any:  # noqa: ARG003
        """Fill in what only the cohort tells.

        Parameters
        ----------
        config : object
            An instance of `Config`.
        n_labels, n_levels : int
            Of the cohort; levels only where the objective needs them.

        Returns
        -------
        object
            The instance of `Config` that the objective is built with.
        """
        return config

    @abstractmethod
    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return the loss of a batch and the terms it is made of.

        Parameters
        ----------
        batch : TrainingBatch
            This process's share.
        step : Step

        Returns
        -------
        dict of str to () tensor
            ``loss``, which is minimised, and what else is worth a curve.
        """

    def readout(
        self,
        encoder: EcgEncoder,
        cohort: TrainingCohort,  # noqa: ARG002
        rows: Tensor,  # noqa: ARG002
    ) -> EcgEncoder:
        """Return what a checkpoint holds.

        Parameters
        ----------
        encoder : EcgEncoder
            This objective's, or its exponential average.
        cohort : TrainingCohort
        rows : (n,) int64 tensor
            Recordings of it that are trained on.

        Returns
        -------
        EcgEncoder
            The encoder itself, unless an objective has learned more than it.
        """
        return encoder

    def after_step(self, progress: float) -> None:
        """Do what follows an optimiser step, such as to move a teacher; nothing by default.

        Parameters
        ----------
        progress : float
            As `Step.progress`.
        """
