"""What an encoder is, and how one is made from its configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = [
    "ARCHITECTURES",
    "EcgEncoder",
    "EncoderConfig",
    "build_encoder",
    "config_from_dict",
    "config_to_dict",
]

EncoderConfig = TransformerConfig | ResNetConfig

ARCHITECTURES: dict[str, tuple[type[EncoderConfig], type[EcgTransformer] | type[EcgResNet]]] = {
    "transformer": (TransformerConfig, EcgTransformer),
    "resnet1d": (ResNetConfig, EcgResNet),
}
"""Configuration and module of each architecture, by the name it has in a checkpoint's card."""


class EcgEncoder(Protocol):
    """Windows of an ECG in; a summary and a sequence of tokens out.

    An `nn.Module`. ``config.width`` is the length of both, ``config.samples_per_token`` the
    distance of two tokens in samples.
    """

    config: Any

    def n_tokens(self, n_samples: int) -> int:
        """Return how many tokens a window of `n_samples` gives."""

    def __call__(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode (n, n_leads, n_samples), tokens hidden where (n, n_tokens) is True.

        Returns the summary, (n, width), and the tokens, (n, n_tokens, width).
        """


def build_encoder(config: EncoderConfig) -> Any:
    """Make an encoder with weights drawn from torch's global generator.

    Parameters
    ----------
    config : EncoderConfig

    Returns
    -------
    nn.Module
        An `EcgEncoder`.

    Raises
    ------
    TypeError
        If `config` is of no architecture.
    """
    for kind, module in ARCHITECTURES.values():
        if isinstance(config, kind):
            return module(config)  # type: ignore[arg-type]
    raise TypeError(f"config must be of an encoder, got {type(config).__name__}")


def config_to_dict(config: EncoderConfig) -> dict[str, Any]:
    """Return a configuration as JSON has it, its architecture named.

    Parameters
    ----------
    config : EncoderConfig

    Returns
    -------
    dict
    """
    name = next(name for name, (kind, _) in ARCHITECTURES.items() if isinstance(config, kind))
    return {"architecture": name, **dataclasses.asdict(config)}


def config_from_dict(state: Mapping[str, Any]) -> EncoderConfig:
    """Rebuild a configuration from `config_to_dict`.

    Parameters
    ----------
    state : mapping

    Returns
    -------
    EncoderConfig

    Raises
    ------
    ValueError
        If the architecture is unknown or a field does not belong to it.
    """
    settings = dict(state)
    architecture = settings.pop("architecture", None)
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}, got {architecture!r}"
        )
    kind = ARCHITECTURES[architecture][0]
    fields = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(settings) - fields):
        raise ValueError(f"{architecture} has no {unknown[0]}, only {', '.join(sorted(fields))}")
    return kind(**settings)
