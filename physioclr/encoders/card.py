"""What a checkpoint says of itself: the models behind ``card.json``.

A card is read strictly: a field of another name or type is refused. Fields that later versions
added have defaults, so that older cards still load.
"""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from physioclr.encoders.preprocessing import Preprocessing
from physioclr.models.architectures import EncoderConfig, config_from_dict
from physioclr.models.encoder import EcgEncoder
from physioclr.probe.no_call import CallLimits
from physioclr.probe.reliability import ReliabilityBin

__all__ = [
    "INTENDED_USE",
    "CallCard",
    "CheckpointCard",
    "CohortCard",
    "HeadCard",
    "LabelCard",
    "Metrics",
    "PluginCard",
    "ReliabilityCard",
    "TrainingCard",
]

INTENDED_USE = "Research on ECG representations. Not a medical device."
Metrics = dict[str, float | dict[str, float | None] | None]


class _Card(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortCard(_Card):
    """A cohort the encoder was trained on."""

    source: str
    n_records: int
    simulated: bool
    store_fingerprint: str


class TrainingCard(_Card):
    """What the encoder was trained on, and how."""

    objective: str
    settings: dict[str, object]
    cohorts: tuple[CohortCard, ...]
    licences: tuple[str, ...] = ()
    steps: int
    seed: int


class PluginCard(_Card):
    """A plug-in that the checkpoint was made with.

    Without a package it was no installed one: `name` is then ``package.module:Name``.
    """

    group: str
    name: str
    package: str = ""
    version: str = ""


class CallCard(_Card):
    """When a label is called present or absent, and what became of such calls out of fold.

    The fields are those of `CallLimits` and `CallRates`; a limit that is None is never reached, a
    share that is None has nothing to count.
    """

    alpha: float
    present_at: float | None
    absent_at: float | None
    no_call: float | None
    missed: float | None
    falsely_present: float | None
    ppv: float | None
    npv: float | None

    @property
    def limits(self) -> CallLimits:
        """Where the calls begin."""
        return CallLimits(
            alpha=self.alpha,
            present_at=math.inf if self.present_at is None else self.present_at,
            absent_at=-math.inf if self.absent_at is None else self.absent_at,
        )

    @model_validator(mode="after")
    def _in_order(self) -> CallCard:
        _ = self.limits
        return self


class ReliabilityCard(_Card):
    """The fields of a `ReliabilityBin`."""

    low: float
    high: float
    n: int
    n_positive: int
    mean_probability: float


class LabelCard(_Card):
    """How well a head tells one label, by cross-validation on its training cohort.

    `reliability` is empty in cards older than it.
    """

    name: str
    display_name: str
    n_positives: int
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    auprc: float | None = None
    brier: float | None = None
    calibration_error: float | None = None
    calls: CallCard | None = None
    reliability: tuple[ReliabilityCard, ...] = ()

    @property
    def reliability_bins(self) -> tuple[ReliabilityBin, ...]:
        """How often the label was there when a probability was given."""
        return tuple(ReliabilityBin(**each.model_dump()) for each in self.reliability)


class HeadCard(_Card):
    """A linear head for predictions: its labels, and the evidence for them.

    `left_out` holds the labels of the set that could not be measured, each with the reason.
    """

    labels: tuple[LabelCard, ...]
    left_out: dict[str, str] = {}
    cohort: str
    n_records: int
    n_patients: int
    simulated: bool
    protocol: str


class CheckpointCard(_Card):
    """Everything needed to use the weights as they were meant.

    `metrics` are what was measured of the encoder, as numbers by name, or by table and name; None
    where there is no value. `physiology_space` and `reference_ecgs` are fingerprints. The card of
    an encoder that is a plug-in can be read without the plug-in; `config` needs it.
    """

    format: Literal["physioclr-checkpoint"] = "physioclr-checkpoint"
    version: Literal[1] = 1
    name: str
    encoder: dict[str, object]
    preprocessing: Preprocessing
    training: TrainingCard
    heads: dict[str, HeadCard] = {}
    physiology_space: str | None = None
    reference_ecgs: str | None = None
    intended_use: str = INTENDED_USE
    limits: tuple[str, ...] = ()
    metrics: Metrics = {}
    plugins: tuple[PluginCard, ...] = ()
    fingerprint: str

    @model_validator(mode="after")
    def _known_encoder(self) -> CheckpointCard:
        if not any(plugin.group == EcgEncoder.plugin_group for plugin in self.plugins):
            config_from_dict(self.encoder)
        return self

    @property
    def fs_hz(self) -> float:
        """Sampling rate the encoder works at."""
        return self.preprocessing.fs_hz

    @property
    def leads(self) -> tuple[str, ...]:
        """Leads the encoder takes, in order."""
        return self.preprocessing.leads

    @property
    def config(self) -> EncoderConfig:
        """Architecture and size of the encoder."""
        return config_from_dict(self.encoder)
