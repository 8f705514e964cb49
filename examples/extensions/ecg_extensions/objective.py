"""An objective: the mean of a recording's windows, drawn to a slowly moving copy of it."""

from dataclasses import dataclass

from torch import Tensor, nn

from physioclr.augment import HeartbeatShuffle
from physioclr.models.exponential_average import ExponentialAverage
from physioclr.objectives import Objective, Step
from physioclr.training_data.batch import Need, TrainingBatch


@dataclass(frozen=True)
class BootstrapConfig:
    momentum: float = 0.99


class Bootstrap(Objective):
    Config = BootstrapConfig
    title = "An ECG and its shuffled self, seen by a teacher"
    citation = "after Grill et al. 2020, arXiv 2006.07733"

    def __init__(self, encoder, config):
        super().__init__(encoder, config)
        self.teacher = ExponentialAverage(self.encoder)
        self.predictor = nn.Linear(encoder.width, encoder.width)

    @classmethod
    def needs(cls, config) -> frozenset[Need]:
        return frozenset({"beats"})

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        shuffled = HeartbeatShuffle()(batch.windows, draws=step.draws)
        predicted = self.predictor(self.encoder(shuffled.signal)[0]).float()
        target = self.teacher.module(batch.windows.signal)[0].float().detach()
        return {"loss": 1 - nn.functional.cosine_similarity(predicted, target).mean()}

    def after_step(self, progress: float) -> None:
        self.teacher.update(self.encoder, self.config.momentum)
