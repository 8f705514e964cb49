"""The plug-ins that a checkpoint's card names, and whether they are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from physioclr.encoders.card import CheckpointCard, PluginCard
from physioclr.errors import CheckpointError
from physioclr.models.architectures import ARCHITECTURES
from physioclr.runtime.plugins import GROUPS, plugin_named

__all__ = ["check_plugins", "is_own_encoder", "plugin_cards"]

_ENCODERS, _OBJECTIVES = "physioclr.encoders", "physioclr.objectives"


def plugin_cards(encoder: Mapping[str, object], objective: str) -> tuple[PluginCard, ...]:
    """Name the plug-ins among the parts of a checkpoint.

    Parameters
    ----------
    encoder : mapping
        As `physioclr.models.architectures.config_to_dict` gives it.
    objective : str

    Returns
    -------
    tuple of PluginCard
    """
    parts = [(_ENCODERS, name) for name in _architectures(encoder) if name not in ARCHITECTURES.own]
    found = [plugin_named(group, name) for group, name in [*parts, (_OBJECTIVES, objective)]]
    return tuple(
        PluginCard(group=each.group, name=each.name, package=each.package, version=each.version)
        for each in found
        if each is not None
    )


def check_plugins(card: CheckpointCard, folder: Path) -> None:
    """Refuse a checkpoint whose encoder is a plug-in that is not here.

    Nothing is imported but installed plug-ins. An objective is not needed to use a checkpoint.

    Parameters
    ----------
    card : CheckpointCard
    folder : Path
        For the message.

    Raises
    ------
    CheckpointError
        If it is not installed, of another package, cannot be used, or has other settings.
    """
    for stated in card.plugins:
        if stated.group != _ENCODERS:
            continue
        found = plugin_named(stated.group, stated.name)
        other = found and stated.package and _normal(found.package) != _normal(stated.package)
        if found is None or other:
            instead = "no plug-in of this name" if found is None else f"the {found}"
            raise CheckpointError(str(folder), expected=_wanted(stated), found=instead)
        if stated.name not in ARCHITECTURES:
            problem = ARCHITECTURES.why_not(stated.name)
            raise CheckpointError(str(folder), expected=_wanted(stated), found=f"this: {problem}")
        try:
            _ = card.config
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                str(folder), expected=f"settings of the {found}", found=str(error)
            ) from error


def is_own_encoder(card: CheckpointCard) -> bool:
    """Return whether a checkpoint's encoder is one of PhysioCLR's, through and through.

    Parameters
    ----------
    card : CheckpointCard

    Returns
    -------
    bool
    """
    return all(name in ARCHITECTURES.own for name in _architectures(card.encoder))


def _architectures(encoder: Mapping[str, object]) -> Iterator[str]:
    yield str(encoder.get("architecture"))
    inner = encoder.get("encoder")
    if isinstance(inner, Mapping):
        yield from _architectures(inner)


def _normal(package: str) -> str:
    return package.lower().replace("_", "-").replace(".", "-")


def _wanted(stated: PluginCard) -> str:
    what = f"the {GROUPS[stated.group]} {stated.name}"
    if stated.package:
        return (
            f"{what} of the package {stated.package} {stated.version} (entry point {stated.group}) "
            "to be installed"
        )
    return f"{what} to be named first, with `--plugin {stated.name}` or in Python with `use_plugin`"
