"""The encoder: a strided convolutional front end, convolutional positions, a transformer.

The family of wav2vec 2.0 (Baevski et al. 2020, arXiv 2006.11477) as PhysioCLR uses it
(arXiv 2509.08116), in pre-norm form and in any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.models.encoder import EcgEncoder

__all__ = ["EcgTransformer", "TransformerBlock", "TransformerConfig"]


@dataclass(frozen=True)
class TransformerConfig:
    """Size of an `EcgTransformer`.

    Parameters
    ----------
    n_leads : int
    width : int
        Length of a token, and of the embedding.
    n_layers, n_heads : int
    feedforward : int
        Width of the hidden layer in each block.
    strides : tuple of int
        Stride of each convolution of the front end. Their product is the samples in a token.
    position_kernel : int
        Odd width, in tokens, of the convolution that gives tokens their place.
    dropout : float
    """

    n_leads: int = 12
    width: int = 128
    n_layers: int = 4
    n_heads: int = 4
    feedforward: int = 512
    strides: tuple[int, ...] = (2, 2, 2)
    position_kernel: int = 31
    dropout: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "strides", tuple(self.strides))
        if self.width % self.n_heads:
            raise ValueError(
                f"width must be a multiple of n_heads={self.n_heads}, got {self.width}"
            )
        if self.position_kernel % 2 == 0:
            raise ValueError(f"position_kernel must be odd, got {self.position_kernel}")

    @property
    def samples_per_token(self) -> int:
        """Product of the strides."""
        return math.prod(self.strides)


class EcgTransformer(EcgEncoder):
    """Encode windows of an ECG into tokens and one summary (CLS).

    Parameters
    ----------
    config : TransformerConfig
    """

    Config = TransformerConfig

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.front_end = _front_end(config)
        self.mask_token = nn.Parameter(torch.zeros(config.width))
        self.cls_token = nn.Parameter(torch.zeros(config.width))
        self.position = nn.Conv1d(
            config.width,
            config.width,
            config.position_kernel,
            padding=config.position_kernel // 2,
            groups=config.n_heads,
        )
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.mask_token, std=0.02)
        nn.init.normal_(self.cls_token, std=0.02)

    def local_features(self, signal: Tensor) -> Tensor:
        """Return the front end's output, before any token knows of another."""
        features: Tensor = self.front_end(signal)
        return features.transpose(1, 2)

    def forward(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor
            Preprocessed; a lead that is not there is zero, as in random lead masking.
        token_mask : (n_windows, n_tokens) bool tensor, optional
            True where a token is hidden from the transformer.

        Returns
        -------
        cls : (n_windows, width) float tensor
        tokens : (n_windows, n_tokens, width) float tensor
        """
        tokens = self.local_features(signal)
        if token_mask is not None:
            tokens = torch.where(token_mask.unsqueeze(-1), self.mask_token.to(tokens.dtype), tokens)
        tokens = tokens + functional.gelu(self.position(tokens.transpose(1, 2))).transpose(1, 2)
        cls = self.cls_token.to(tokens.dtype).expand(len(tokens), 1, -1)
        sequence = torch.cat([cls, tokens], dim=1)
        for block in self.blocks:
            sequence = block(sequence)
        sequence = self.norm(sequence)
        return sequence[:, 0], sequence[:, 1:]


class TransformerBlock(nn.Module):
    """Attention and a feed-forward network, each after a normalisation and beside a shortcut.

    Parameters
    ----------
    config : TransformerConfig
        Of its width, heads, feed-forward width and dropout.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.dropout = config.dropout
        self.attention_norm = nn.LayerNorm(config.width)
        self.query_key_value = nn.Linear(config.width, 3 * config.width)
        self.attention_out = nn.Linear(config.width, config.width)
        self.feedforward = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.feedforward),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.feedforward, config.width),
            nn.Dropout(config.dropout),
        )

    def forward(self, sequence: Tensor) -> Tensor:
        """Return a sequence of the same shape, (n_windows, n_tokens, width)."""
        sequence = sequence + self._attend(self.attention_norm(sequence))
        widened: Tensor = self.feedforward(sequence)
        return sequence + widened

    def _attend(self, sequence: Tensor) -> Tensor:
        n_windows, n_tokens, width = sequence.shape
        parts = self.query_key_value(sequence)
        parts = parts.view(n_windows, n_tokens, 3, self.n_heads, width // self.n_heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        mixed = mixed.transpose(1, 2).reshape(n_windows, n_tokens, width)
        return functional.dropout(self.attention_out(mixed), dropout, training=self.training)


def _front_end(config: TransformerConfig) -> nn.Sequential:
    widths = [config.n_leads] + [config.width // 2] * (len(config.strides) - 1) + [config.width]
    layers: list[nn.Module] = []
    for (n_in, n_out), stride in zip(pairwise(widths), config.strides, strict=True):
        layers += [
            nn.Conv1d(n_in, n_out, 2 * stride + 3, stride=stride, padding=stride + 1),
            nn.GroupNorm(8, n_out),
            nn.GELU(),
        ]
    return nn.Sequential(*layers)
