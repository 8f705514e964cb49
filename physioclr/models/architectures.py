"""The architectures: an encoder from its configuration, and a configuration from JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from physioclr.models.answering import AnsweringConfig, AnsweringEncoder
from physioclr.models.encoder import EcgEncoder, EncoderSize
from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = ["EncoderConfig", "build_encoder", "config_from_dict", "config_to_dict"]

EncoderConfig = TransformerConfig | ResNetConfig | AnsweringConfig

_ARCHITECTURES: dict[str, tuple[type[EncoderConfig], type[EcgEncoder]]] = {
    "transformer": (TransformerConfig, EcgTransformer),
    "resnet1d": (ResNetConfig, EcgResNet),
    "answering": (AnsweringConfig, AnsweringEncoder),
}
"""Configuration and module of each architecture, by the name it has in a checkpoint's card."""


def build_encoder(config: EncoderConfig) -> EcgEncoder:
    """Make an encoder with weights drawn from torch's global generator.

    Parameters
    ----------
    config : EncoderConfig

    Returns
    -------
    EcgEncoder

    Raises
    ------
    TypeError
        If `config` is of no architecture.
    """
    for kind, module in _ARCHITECTURES.values():
        if isinstance(config, kind):
            return module(config)
    raise TypeError(f"config must be of an encoder, got {type(config).__name__}")


def config_to_dict(config: EncoderSize) -> dict[str, Any]:
    """Return a configuration as JSON has it, its architecture named.

    Parameters
    ----------
    config : EncoderSize
        Of one of `_ARCHITECTURES`.

    Returns
    -------
    dict
    """
    name = next(name for name, (kind, _) in _ARCHITECTURES.items() if isinstance(config, kind))
    settings: dict[str, Any] = dataclasses.asdict(config)  # type: ignore[call-overload]
    if isinstance(config, AnsweringConfig):
        settings["encoder"] = config_to_dict(config.encoder)
    return {"architecture": name, **settings}


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
    if architecture not in _ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(_ARCHITECTURES)}, got {architecture!r}"
        )
    kind = _ARCHITECTURES[architecture][0]
    fields = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(settings) - fields):
        raise ValueError(f"{architecture} has no {unknown[0]}, only {', '.join(sorted(fields))}")
    if kind is AnsweringConfig:
        settings["encoder"] = config_from_dict(settings.get("encoder", {}))
    return kind(**settings)
