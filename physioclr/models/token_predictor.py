"""A narrow transformer that fills in hidden tokens from the others."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from physioclr.models.transformer import TransformerBlock, TransformerConfig

__all__ = ["TokenPredictor"]


class TokenPredictor(nn.Module):
    """Predict what stands at hidden places of a sequence.

    Places are told apart by sines and cosines of their number (Vaswani et al. 2017,
    arXiv 1706.03762), so that a sequence may have any length.

    Parameters
    ----------
    token_width : int
        Of the tokens that come in and go out.
    width, n_layers, n_heads : int
        Of the predictor itself; `width` is even.
    """

    def __init__(self, token_width: int, *, width: int, n_layers: int, n_heads: int) -> None:
        super().__init__()
        config = TransformerConfig(
            width=width, n_layers=n_layers, n_heads=n_heads, feedforward=4 * width
        )
        self.width = width
        self.inward = nn.Linear(token_width, width)
        self.hidden_token = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, token_width)
        nn.init.normal_(self.hidden_token, std=0.02)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """Predict a batch.

        Parameters
        ----------
        tokens : (n_windows, n_tokens, token_width) float tensor
            Those at hidden places are not looked at.
        hidden : (n_windows, n_tokens) bool tensor

        Returns
        -------
        (n_windows, n_tokens, token_width) float tensor
            At every place; it is the hidden ones that matter.
        """
        inward = self.inward(tokens)
        sequence = torch.where(hidden.unsqueeze(-1), self.hidden_token.to(inward.dtype), inward)
        sequence = sequence + self._places(tokens.shape[1], tokens.device).to(inward.dtype)
        for block in self.blocks:
            sequence = block(sequence)
        predicted: Tensor = self.outward(self.norm(sequence))
        return predicted

    def _places(self, n_tokens: int, device: torch.device) -> Tensor:
        half = self.width // 2
        rates = torch.exp(torch.arange(half, device=device) * (-math.log(10_000.0) / half))
        angles = torch.arange(n_tokens, device=device).unsqueeze(1) * rates
        return torch.cat([angles.sin(), angles.cos()], dim=1)
