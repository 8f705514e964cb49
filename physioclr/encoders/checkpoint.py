"""A checkpoint: ``model.safetensors`` and ``card.json``, and the one loader for both.

Beside them lie, where the card names their fingerprints, ``physiology_space.json``, the space the
pretraining compared ECGs in, and ``reference_ecgs.*``, the ECGs shown beside a prediction.

The card binds the weights to the preprocessing, lead order and sampling rate they were trained
with, and carries their fingerprint. Weights that are missing, altered or of another shape are
refused; nothing is ever initialised at random in their place, and nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

from physioclr.encoders.card import (
    INTENDED_USE,
    CheckpointCard,
    HeadCard,
    Metrics,
    TrainingCard,
)
from physioclr.encoders.card_plugins import check_plugins, is_own_encoder, plugin_cards
from physioclr.encoders.encoder import Encoder, fingerprint
from physioclr.encoders.installed import SHIPPED
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.encoders.reference_ecgs import ReferenceEcgs
from physioclr.errors import CheckpointError
from physioclr.models.architectures import build_encoder, config_to_dict
from physioclr.models.encoder import EcgEncoder
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.probe import LinearProbe
from physioclr.runtime.atomic_files import make_folder, replace_file, replace_folder
from physioclr.runtime.shipped_files import bundled

__all__ = [
    "load_encoder",
    "load_physiology_space",
    "read_card",
    "save_checkpoint",
    "under_prefix",
]

_WEIGHTS, _CARD = "model.safetensors", "card.json"
_LONGEST_CARD = 2**24
_SPACE = "physiology_space.json"
_ENCODER, _HEAD = "encoder.", "head."


def save_checkpoint(
    folder: Path,
    model: EcgEncoder,
    *,
    name: str,
    preprocessing: Preprocessing,
    training: TrainingCard,
    heads: Mapping[str, tuple[LinearProbe, HeadCard]] | None = None,
    physiology_space: PhysiologySpace | None = None,
    references: ReferenceEcgs | None = None,
    intended_use: str = INTENDED_USE,
    limits: tuple[str, ...] = (),
    metrics: Metrics | None = None,
) -> CheckpointCard:
    """Write weights and card, all of it or nothing.

    Parameters
    ----------
    folder : Path
        Made if absent; what was in it goes.
    model : EcgEncoder
    name : str
    preprocessing : Preprocessing
    training : TrainingCard
    heads : mapping of str to (LinearProbe, HeadCard), optional
    physiology_space : PhysiologySpace, optional
        What the pretraining compared ECGs in.
    references : ReferenceEcgs, optional
        Labelled ECGs, embedded by this encoder.
    intended_use : str
    limits : tuple of str
    metrics : dict of str to number or table, optional
        See `CheckpointCard`.

    Returns
    -------
    CheckpointCard
        As written.

    Raises
    ------
    PhysioclrError
        If the folder cannot be written.
    ValueError
        If another encoder embedded the reference ECGs, or a number is not one.
    """
    heads = heads or {}
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    own = fingerprint(state, preprocessing)
    if references is not None and references.encoder_fingerprint != own:
        raise ValueError(
            f"references must be embedded by the encoder {own}, "
            f"got those of {references.encoder_fingerprint}"
        )
    encoder = config_to_dict(model.config)
    card = CheckpointCard(
        name=name,
        encoder=encoder,
        preprocessing=preprocessing,
        training=training,
        heads={key: head_card for key, (_, head_card) in heads.items()},
        physiology_space=None if physiology_space is None else physiology_space.fingerprint,
        reference_ecgs=None if references is None else references.fingerprint,
        intended_use=intended_use,
        limits=limits,
        metrics=metrics or {},
        plugins=plugin_cards(encoder, training.objective),
        fingerprint=own,
    )
    tensors = {_ENCODER + key: value for key, value in state.items()}
    for key, (probe, _) in heads.items():
        for part, array in probe.to_tensors().items():
            tensors[f"{_HEAD}{key}.{part}"] = torch.from_numpy(np.array(array, order="C"))
    make_folder(folder.parent)
    with replace_folder(folder) as new:
        replace_file(new / _WEIGHTS, serialise(tensors))
        if physiology_space is not None:
            physiology_space.save(new / _SPACE)
        if references is not None:
            references.save(new)
        replace_file(new / _CARD, (card.model_dump_json(indent=2) + "\n").encode())
    return card


def load_encoder(
    source: str | Path | None = None,
    *,
    device: str | torch.device = "cpu",
    expected: Preprocessing | None = None,
) -> Encoder:
    """Load an encoder by the name of a shipped checkpoint or by the path of a folder.

    Parameters
    ----------
    source : str or Path, optional
        A name such as ``"physioclr-tiny"``, or a checkpoint folder. The shipped default if absent.
    device : str or torch.device
    expected : Preprocessing, optional
        How windows that are already cut were made, for `Encoder.encode_windows`. An `EcgRecord`
        needs none: it is preprocessed as the card says.

    Returns
    -------
    Encoder
        In evaluation mode.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, its files are damaged or do not belong together, its encoder
        is a plug-in that is not installed, or it was trained with another preprocessing, sampling
        rate or order of leads than `expected`.

    Examples
    --------
    >>> from physioclr import load_encoder
    >>> encoder = load_encoder("physioclr-tiny")
    >>> encoder.card.name, encoder.card.fs_hz, len(encoder.card.leads)
    ('physioclr-tiny', 100.0, 12)
    """
    folder = _find(SHIPPED if source is None else source)
    card = read_card(folder)
    if expected is not None:
        _check_preprocessing(folder, card.preprocessing, expected)
    check_plugins(card, folder)
    if is_own_encoder(card):  # the sizes of a plug-in's are the plug-in's to bound
        _check_shapes(folder, card)
    tensors = _read_tensors(folder)
    state = under_prefix(tensors, _ENCODER)
    found = fingerprint(state, card.preprocessing)
    if found != card.fingerprint:
        raise CheckpointError(
            str(folder),
            expected=f"weights and preprocessing ({_summary(card.preprocessing)}) with the "
            f"fingerprint {card.fingerprint}",
            found=found,
        )
    model = build_encoder(card.config)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            str(folder),
            expected="weights of the shape its card describes",
            found=str(error).splitlines()[-1].strip(),
        ) from error
    heads = {
        key: LinearProbe.from_tensors(
            {part: t.numpy() for part, t in under_prefix(tensors, f"{_HEAD}{key}.").items()},
            label_names=tuple(label.name for label in head.labels),
        )
        for key, head in card.heads.items()
    }
    return Encoder(model.to(device).eval(), card, heads, _load_references(folder, card))


def load_physiology_space(source: str | Path) -> PhysiologySpace:
    """Load the space in which a checkpoint's pretraining compared ECGs.

    Parameters
    ----------
    source : str or Path
        As for `load_encoder`.

    Returns
    -------
    PhysiologySpace

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, it was made without a space, or the file is damaged or not
        the one its card names.
    """
    folder = _find(source)
    named = read_card(folder).physiology_space
    if named is None:
        raise CheckpointError(
            str(folder), expected="a card that names a physiology space", found="none"
        )
    space = PhysiologySpace.load(folder / _SPACE)
    if space.fingerprint != named:
        raise CheckpointError(
            str(folder / _SPACE), expected=f"the fingerprint {named}", found=space.fingerprint
        )
    return space


def _find(source: str | Path) -> Path:
    shipped = bundled("checkpoints")
    for folder in (Path(source), shipped / source):
        if folder.is_dir():
            return folder
    names = sorted(p.name for p in shipped.iterdir() if p.is_dir()) if shipped.is_dir() else []
    raise CheckpointError(
        str(source),
        expected=f"a checkpoint folder or one of the shipped names ({', '.join(names) or 'none'})",
        found="neither",
    )


def read_card(folder: Path) -> CheckpointCard:
    """Read the card of a checkpoint folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    CheckpointCard

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged.
    """
    path = folder / _CARD
    try:
        if (size := path.stat().st_size) > _LONGEST_CARD:
            raise CheckpointError(
                str(path), expected=f"a card of at most {_LONGEST_CARD} bytes", found=f"{size}"
            )
        return CheckpointCard.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise CheckpointError(str(folder), expected=f"a {_CARD}", found="none") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(
            str(path),
            expected="a PhysioCLR checkpoint card",
            found=f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'the top'}",
        ) from error


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    path = folder / _WEIGHTS
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise CheckpointError(str(folder), expected=f"a {_WEIGHTS}", found="none") from error
    except (SafetensorError, json.JSONDecodeError) as error:
        raise CheckpointError(
            str(path), expected="weights in the safetensors format", found=str(error)
        ) from error


def _check_shapes(folder: Path, card: CheckpointCard) -> None:
    """Compare the card's encoder with the header of the weights, before either is made.

    The encoder is built without storage, so that a card that claims another size costs nothing.
    """
    path = folder / _WEIGHTS
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(_ENCODER)]  # noqa: SIM118
            found = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except FileNotFoundError as error:
        raise CheckpointError(str(folder), expected=f"a {_WEIGHTS}", found="none") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            str(path), expected="weights in the safetensors format", found=str(error)
        ) from error
    try:
        with torch.device("meta"):
            model = build_encoder(card.config)
    except (ValueError, RuntimeError, ArithmeticError) as error:
        raise CheckpointError(
            str(folder / _CARD),
            expected="an encoder that can be built",
            found=str(error).splitlines()[0],
        ) from error
    described = {_ENCODER + name: tuple(of.shape) for name, of in model.state_dict().items()}
    for name in [*described, *found]:
        if described.get(name) != found.get(name):
            raise CheckpointError(
                str(folder),
                expected="weights of the shape its card describes: "
                f"{name.removeprefix(_ENCODER)} {described.get(name, 'absent')}",
                found=str(found.get(name, "none")),
            )


def _load_references(folder: Path, card: CheckpointCard) -> ReferenceEcgs | None:
    if card.reference_ecgs is None:
        return None
    references = ReferenceEcgs.load(folder, encoder_fingerprint=card.fingerprint)
    if references.fingerprint != card.reference_ecgs:
        raise CheckpointError(
            str(folder),
            expected=f"reference ECGs with the fingerprint {card.reference_ecgs}",
            found=references.fingerprint,
        )
    return references


def _check_preprocessing(folder: Path, own: Preprocessing, expected: Preprocessing) -> None:
    for name in Preprocessing.model_fields:
        asked, found = getattr(expected, name), getattr(own, name)
        if asked != found:
            raise CheckpointError(
                str(folder), expected=f"{name} {_shown(asked)}", found=_shown(found)
            )


def _summary(preprocessing: Preprocessing) -> str:
    return f"leads {_shown(preprocessing.leads)} at {preprocessing.fs_hz:g} Hz"


def _shown(value: float | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}"


def under_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose name begins with `prefix`, without it."""
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
