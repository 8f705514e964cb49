"""MAE in the style of ST-MEM: patches of lead and time are hidden and drawn in again.

Na et al. 2024, arXiv 2402.09450. A patch is the stretch of one token in one lead. The publication
drops hidden patches and encodes each lead's patches as tokens of their own; the encoder shared by
all objectives here takes the leads of a stretch together, so hidden patches are zero in its input.
The summary is added to the tokens that are decoded, so that it is learned too. The error is the
mean square over the hidden patches alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from physioclr.models import EncoderConfig, WaveformDecoder
from physioclr.objectives.full_precision import full_precision
from physioclr.objectives.objective import Objective, Step
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.batch import TrainingBatch

__all__ = ["Mae", "MaeConfig", "hidden_error"]


@dataclass(frozen=True)
class MaeConfig:
    """How much is hidden.

    Parameters
    ----------
    mask_fraction : float
        Share of the patches, each drawn by itself, in (0, 1).
    """

    mask_fraction: float = 0.75

    def __post_init__(self) -> None:
        if not 0 < self.mask_fraction < 1:
            raise ValueError(f"mask_fraction must lie in (0, 1), got {self.mask_fraction}")


class Mae(Objective):
    """The encoder and a decoder back to the waveform.

    Parameters
    ----------
    encoder : EncoderConfig
    config : MaeConfig
    """

    Config = MaeConfig
    title = "Masked autoencoder over leads and time"
    citation = "ST-MEM, Na et al. 2024, arXiv 2402.09450"

    def __init__(self, encoder: EncoderConfig, config: MaeConfig) -> None:
        super().__init__(encoder, config)
        self.config: MaeConfig = config
        self.decoder = WaveformDecoder(encoder)

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``."""
        windows = batch.windows
        n_tokens = self.encoder.n_tokens(windows.n_samples)
        patches = step.draws.uniform(len(windows), windows.n_leads, n_tokens)
        hidden = (patches < self.config.mask_fraction).repeat_interleave(
            self.encoder.config.samples_per_token, dim=2
        )[..., : windows.n_samples]
        summary, tokens = self.encoder(windows.signal * ~hidden)
        rebuilt = self.decoder(tokens + summary.unsqueeze(1), windows.n_samples)
        return {"loss": hidden_error(rebuilt, windows.signal, hidden, processes=step.processes)}


@full_precision
def hidden_error(
    rebuilt: Tensor, signal: Tensor, hidden: Tensor, *, processes: Processes = ONE_PROCESS
) -> Tensor:
    """Return the mean squared error where the signal was hidden.

    Parameters
    ----------
    rebuilt, signal : (n, n_leads, n_samples) float tensor
    hidden : (n, n_leads, n_samples) bool tensor
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
    """
    weight = hidden.to(signal.dtype)
    return processes.mean(((rebuilt - signal).square() * weight).sum(), weight.sum())
