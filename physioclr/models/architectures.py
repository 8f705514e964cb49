"""The architectures: an encoder from its configuration, and a configuration from JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from physioclr.models.answering import AnsweringConfig, AnsweringEncoder
from physioclr.models.encoder import EcgEncoder, EncoderSize
from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = [
    "ARCHITECTURES",
    "EncoderConfig",
    "build_encoder",
    "config_from_dict",
    "config_to_dict",
]

EncoderConfig = TransformerConfig | ResNetConfig | AnsweringConfig

ARCHITECTURES: dict[str, tuple[type[EncoderConfig], type[EcgEncoder]]] = {
    "transformer": (TransformerConfig, EcgTransformer),
    "resnet1d": (ResNetConfig, EcgResNet),
    "answering": (AnsweringConfig, AnsweringEncoder),
}
"""Configuration and module of each architecture, by the name it has in a checkpoint's card."""


# Several times the largest encoder of `physioclr.models.sizes`.
_LARGEST = {"blocks": 256, "n_layers": 256, "n_heads": 256, "strides": 256, "stem_strides": 256}
_LARGEST |= {"kernel": 1023, "position_kernel": 4095, "n_leads": 1000}
_LARGEST_WIDTH = 65_536
_REAL = ("dropout", "temperature")
_LONGEST_REASON = 200


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
    for kind, module in ARCHITECTURES.values():
        if isinstance(config, kind):
            return module(config)
    raise TypeError(f"config must be of an encoder, got {type(config).__name__}")


def config_to_dict(config: EncoderSize) -> dict[str, Any]:
    """Return a configuration as JSON has it, its architecture named.

    Parameters
    ----------
    config : EncoderSize
        Of one of `ARCHITECTURES`.

    Returns
    -------
    dict
    """
    name = next(name for name, (kind, _) in ARCHITECTURES.items() if isinstance(config, kind))
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
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}, got {architecture!r}"
        )
    kind = ARCHITECTURES[architecture][0]
    fields = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(settings) - fields):
        raise ValueError(f"{architecture} has no {unknown[0]}, only {', '.join(sorted(fields))}")
    if kind is AnsweringConfig:
        inner = settings.get("encoder")
        if not isinstance(inner, Mapping) or inner.get("architecture") == "answering":
            raise ValueError("encoder must be the configuration of what reads the ECG")
        settings["encoder"] = config_from_dict(inner)
    _check_sizes(settings)
    try:
        return kind(**settings)
    except TypeError as error:
        raise ValueError(f"{architecture} lacks a field: {error}") from None


def _check_sizes(settings: Mapping[str, Any]) -> None:
    """Refuse sizes that no encoder has, before anything of that size is made."""
    for name, value in settings.items():
        if name == "encoder" or (name == "centred" and isinstance(value, bool)):
            continue
        if name in _REAL:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number, got {value!r}"[:_LONGEST_REASON])
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and 0 or more, got {value}")
            continue
        is_list = isinstance(value, list | tuple)
        numbers = list(value) if is_list else [value]
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
            raise ValueError(f"{name} must be a whole number, got {value!r}"[:_LONGEST_REASON])
        if not numbers or min(numbers) < 1 or sum(numbers) > _LARGEST.get(name, _LARGEST_WIDTH):
            most = _LARGEST.get(name, _LARGEST_WIDTH)
            raise ValueError(f"{name} must be 1 to {most}, got {value!r}"[:_LONGEST_REASON])
