"""An encoder whose embedding is what it says of many questions of yes or no.

The axes of a network's last layer have no scale of their own: whoever standardises them, as a
linear probe does, gives noise the weight of signal. The answers have one. Each is a probability,
and what many questions ask about weighs as many. There are thousands of them, so the embedding is
a mixture. A random one keeps their distances roughly (Johnson and Lindenstrauss 1984,
doi:10.1090/conm/026/737400); `AnsweringEncoder.fit_mixture` makes one from the answers of a cohort,
which keeps nearly all of them: the principal directions of the answers, turned at random, so that
no axis of the embedding has less of them than another and a standardised embedding is still theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physioclr.models.encoder import EcgEncoder, EncoderSize

__all__ = ["AnsweringConfig", "AnsweringEncoder", "answer_layer"]

_RAREST_SD = 1e-3
"""Answers that vary by less say nothing, and are not stretched to the spread of the others."""


@dataclass(frozen=True)
class AnsweringConfig:
    """Size of an `AnsweringEncoder`.

    Parameters
    ----------
    encoder : EncoderSize
        Of the encoder that reads the ECG.
    n_answers : int
    width : int
        Length of the embedding.
    temperature : float
        What the log-odds of an answer are divided by: above 1, answers that are sure still differ.
    centred : bool
        Whether the mean answer of a cohort is taken away before they are mixed; else one half.
    """

    encoder: EncoderSize
    n_answers: int
    width: int = 512
    temperature: float = 1.0
    centred: bool = False

    def __post_init__(self) -> None:
        if self.n_answers < 1 or self.width < 1:
            raise ValueError(
                f"n_answers and width must be at least 1, got {self.n_answers} and {self.width}"
            )
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")

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
    reader : EcgEncoder
        Of `config.encoder`; `physioclr.models.build_encoder` makes both.
    """

    Config = AnsweringConfig

    mixture: Tensor
    centre: Tensor | None

    def __init__(self, config: AnsweringConfig, reader: EcgEncoder) -> None:
        super().__init__(config)
        self.reader = reader
        self.answers = answer_layer(config.encoder.width, config.n_answers)
        self.temperature = config.temperature
        mixture = torch.randn(config.n_answers, config.width) / config.n_answers**0.5
        self.register_buffer("mixture", mixture)
        half = torch.full((config.n_answers,), 0.5)
        self.register_buffer("centre", half if config.centred else None)

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
        given = self.answered(summary)
        doubt = given - (0.5 if self.centre is None else self.centre.to(given.dtype))
        return doubt @ self.mixture.to(doubt.dtype), tokens

    def answered(self, summary: Tensor) -> Tensor:
        """Answer every question.

        Parameters
        ----------
        summary : (n, encoder.width) float tensor

        Returns
        -------
        (n, n_answers) float tensor
            Probabilities, as far from a half as `AnsweringConfig.temperature` lets them.
        """
        return torch.sigmoid(self.answers(summary) / self.temperature)

    @torch.no_grad()
    def fit_mixture(self, answers: Tensor, weight: Tensor, *, seed: int) -> None:
        """Mix so that the embeddings lie as far apart as the answers of a cohort do.

        Parameters
        ----------
        answers : (n, n_answers) float tensor
            Of at least two ECGs, as `answered` gives them.
        weight : (n_answers,) float tensor
            Share of each answer in the squared distance of two ECGs.
        seed : int
            Of how the principal directions are turned.

        Raises
        ------
        ValueError
            If the encoder is not centred, or there are fewer than two ECGs.
        """
        if self.centre is None or len(answers) < 2:
            raise ValueError(
                "a mixture is fitted to a centred encoder and the answers of at least 2 ECGs, "
                f"got centred={self.centre is not None} and {len(answers)}"
            )
        answers, weight = answers.double().cpu(), weight.double().cpu()
        centre = answers.mean(0)
        scale = weight.sqrt() / answers.std(0).clamp(min=_RAREST_SD)
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randn(*self.mixture.shape, generator=generator, dtype=torch.float64)
        directions = _principal((answers - centre) * scale, most=self.config.width)
        # The orthogonal matrix nearest to a random one, seen from the principal directions.
        # Whatever sign or turn these have, the mixture is the same.
        left, _, right = torch.linalg.svd(directions.T @ drawn, full_matrices=False)
        self.mixture.copy_(scale[:, None] * (directions @ (left @ right)))
        self.centre.copy_(centre)


def _principal(centred: Tensor, *, most: int) -> Tensor:
    """Return orthonormal directions in which rows differ, (d, k), the widest first."""
    _, spread, directions = torch.linalg.svd(centred, full_matrices=False)
    there = int((spread > spread[0] * len(centred) * torch.finfo(spread.dtype).eps).sum())
    kept: Tensor = directions[: min(most, there)].T
    return kept


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
