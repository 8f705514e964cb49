"""An encoder whose embedding is what it says of many questions of yes or no.

The axes of a network's last layer have no scale of their own: whoever standardises them, as a
linear probe does, gives noise the weight of signal. The answers have one. Each is a probability,
and what many questions ask about weighs as many. There are thousands of them, so the embedding is
that of a fixed random mixture, which keeps their distances (Johnson and Lindenstrauss 1984,
doi:10.1090/conm/026/737400).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physioclr.models.encoder import EcgEncoder
from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = ["AnsweringConfig", "AnsweringEncoder", "answer_layer"]


@dataclass(frozen=True)
class AnsweringConfig:
    """Size of an `AnsweringEncoder`.

    Parameters
    ----------
    encoder : TransformerConfig or ResNetConfig
        What reads the ECG.
    n_answers : int
    width : int
        Length of the embedding.
    """

    encoder: TransformerConfig | ResNetConfig
    n_answers: int
    width: int = 512

    def __post_init__(self) -> None:
        if self.n_answers < 1 or self.width < 1:
            raise ValueError(
                f"n_answers and width must be at least 1, got {self.n_answers} and {self.width}"
            )

    @property
    def n_leads(self) -> int:
        """Rows of its input."""
        return self.encoder.n_leads

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of what reads the ECG."""
        return self.encoder.strides

    @property
    def samples_per_token(self) -> int:
        """Product of the strides."""
        return self.encoder.samples_per_token


class AnsweringEncoder(EcgEncoder):
    """Read an ECG, answer every question, and mix the answers.

    Parameters
    ----------
    config : AnsweringConfig
    """

    mixture: Tensor

    def __init__(self, config: AnsweringConfig) -> None:
        super().__init__(config)
        size = config.encoder
        self.reader: EcgEncoder = (
            EcgResNet(size) if isinstance(size, ResNetConfig) else EcgTransformer(size)
        )
        self.answers = answer_layer(size.width, config.n_answers)
        mixture = torch.randn(config.n_answers, config.width) / config.n_answers**0.5
        self.register_buffer("mixture", mixture)

    def forward(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor
        token_mask : (n_windows, n_tokens) bool tensor, optional

        Returns
        -------
        mixed : (n_windows, width) float tensor
        tokens : (n_windows, n_tokens, encoder.width) float tensor
        """
        summary, tokens = self.reader(signal, token_mask)
        doubt = torch.sigmoid(self.answers(summary)) - 0.5
        return doubt @ self.mixture.to(doubt.dtype), tokens


def answer_layer(width: int, n_answers: int) -> nn.Sequential:
    """Make the layer from a summary to the logit of each answer.

    Parameters
    ----------
    width, n_answers : int

    Returns
    -------
    nn.Sequential
        A normalisation, then a linear layer.
    """
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n_answers))
