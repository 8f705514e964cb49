"""A head that names statements: calibrated logistic regressions on one encoder's embeddings.

It is a folder of its own beside the checkpoint, ``head.safetensors`` and ``card.json``. The card
binds it to the encoder by fingerprint: on another encoder's embeddings its numbers mean nothing,
and it is refused there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as serialise

from physioclr.encoders.card import INTENDED_USE, LabelCard
from physioclr.encoders.embedding import embed
from physioclr.encoders.encoder import Encoder
from physioclr.errors import CheckpointError
from physioclr.probe import LinearProbe
from physioclr.records import EcgRecord
from physioclr.runtime.atomic_files import make_folder, replace_file, replace_folder
from physioclr.runtime.shipped_files import bundled

__all__ = [
    "LabelledCohortCard",
    "StatementHead",
    "StatementHeadCard",
    "find_statement_head",
    "load_statement_head",
]

_TENSORS, _CARD = "head.safetensors", "card.json"
_SHIPPED = "heads"


class _Card(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelledCohortCard(_Card):
    """A cohort the head was fitted on, and its labels: code → (positive, known) ECGs."""

    name: str
    n_records: int
    n_patients: int
    licence: str
    counts: dict[str, tuple[int, int]]


class StatementHeadCard(_Card):
    """What a statement head was fitted on, how well it does, and which encoder it belongs to.

    `left_out` holds the statements that were not fitted, each with the reason. `comparison` holds
    the AUROC of the same probe on other features of the same ECGs, by features and label.
    `precision` is the share of out-of-fold calls at the probe's thresholds that were right.
    """

    format: Literal["physioclr-statement-head"] = "physioclr-statement-head"
    version: Literal[1] = 1
    name: str
    encoder: str
    encoder_fingerprint: str
    labels: tuple[LabelCard, ...]
    left_out: dict[str, str]
    cohorts: tuple[LabelledCohortCard, ...]
    n_records: int
    n_patients: int
    protocol: str
    seed: int
    comparison: dict[str, dict[str, float | None]]
    precision: dict[str, float | None] = {}
    command: str
    physioclr_version: str
    intended_use: str = INTENDED_USE
    limits: tuple[str, ...] = ()
    fingerprint: str

    @model_validator(mode="after")
    def _each_label_once(self) -> StatementHeadCard:
        names = [label.name for label in self.labels]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"labels must be named once each, got {names}")
        return self


@dataclass(frozen=True, eq=False)
class StatementHead:
    """Probabilities of statements from an encoder's embedding.

    Parameters
    ----------
    probe : LinearProbe
        Its labels are statement codes.
    card : StatementHeadCard
    """

    probe: LinearProbe
    card: StatementHeadCard

    @property
    def codes(self) -> tuple[str, ...]:
        """The statements it knows."""
        return self.probe.label_names

    def probabilities(
        self, records: EcgRecord | list[EcgRecord], encoder: Encoder
    ) -> NDArray[np.float64]:
        """Estimate the probability of each statement.

        Parameters
        ----------
        records : EcgRecord, or list of EcgRecord
        encoder : Encoder
            The one it was fitted on.

        Returns
        -------
        (n_records, n_codes) float64
            Calibrated.

        Raises
        ------
        CheckpointError
            If it was fitted on another encoder.
        SignalError
            If the encoder refuses a record: a lead is absent or flat, or samples are missing.
        """
        _check_encoder(self.card, encoder)
        return self.probe.probabilities(embed(records, encoder))

    def of_record(self, record: EcgRecord, encoder: Encoder) -> dict[str, float]:
        """Return code → probability for one ECG; see `probabilities`."""
        values = self.probabilities(record, encoder)[0].tolist()
        return dict(zip(self.codes, values, strict=True))

    def save(self, folder: Path) -> None:
        """Write tensors and card, both or neither.

        Parameters
        ----------
        folder : Path
            Made if absent; what was in it goes.

        Raises
        ------
        PhysioclrError
            If it cannot be written.
        ValueError
            If the card is of other numbers.
        """
        # safetensors writes memory as it lies: a transposed array would come back shuffled.
        tensors = {k: np.ascontiguousarray(v) for k, v in self.probe.to_tensors().items()}
        if self.card.fingerprint != tensors_fingerprint(tensors):
            raise ValueError("card must carry the fingerprint of the probe's tensors")
        make_folder(folder.parent)
        with replace_folder(folder) as new:
            replace_file(new / _TENSORS, serialise(tensors))
            replace_file(new / _CARD, (self.card.model_dump_json(indent=1) + "\n").encode())


def tensors_fingerprint(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Return a hash of named arrays: the first 16 hexadecimal digits of a SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def load_statement_head(folder: Path, encoder: Encoder) -> StatementHead:
    """Load a head for the encoder it belongs to.

    Parameters
    ----------
    folder : Path
        With ``head.safetensors`` and ``card.json``.
    encoder : Encoder

    Returns
    -------
    StatementHead

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, the two do not belong together, or the head was fitted on
        another encoder.
    """
    card = _read_card(folder)
    _check_encoder(card, encoder)
    try:
        tensors = load_file(folder / _TENSORS)
    except FileNotFoundError as error:
        raise CheckpointError(str(folder), expected=f"a {_TENSORS}", found="none") from error
    except (SafetensorError, json.JSONDecodeError) as error:
        raise CheckpointError(
            str(folder / _TENSORS), expected="numbers in the safetensors format", found=str(error)
        ) from error
    found = tensors_fingerprint(tensors)
    if found != card.fingerprint:
        raise CheckpointError(
            str(folder), expected=f"numbers with the fingerprint {card.fingerprint}", found=found
        )
    names = tuple(label.name for label in card.labels)
    return StatementHead(LinearProbe.from_tensors(tensors, label_names=names), card)


def find_statement_head(encoder: Encoder) -> StatementHead | None:
    """Return the shipped head of an encoder.

    Parameters
    ----------
    encoder : Encoder

    Returns
    -------
    StatementHead or None
        None where no shipped head belongs to it.

    Raises
    ------
    CheckpointError
        If a shipped head is damaged.
    """
    for card in sorted(bundled(_SHIPPED).glob(f"*/{_CARD}")):
        if _read_card(card.parent).encoder_fingerprint == encoder.card.fingerprint:
            return load_statement_head(card.parent, encoder)
    return None


def _read_card(folder: Path) -> StatementHeadCard:
    try:
        return StatementHeadCard.model_validate_json((folder / _CARD).read_bytes())
    except FileNotFoundError as error:
        raise CheckpointError(str(folder), expected=f"a {_CARD}", found="none") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(
            str(folder / _CARD),
            expected="the card of a statement head",
            found=f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'the top'}",
        ) from error


def _check_encoder(card: StatementHeadCard, encoder: Encoder) -> None:
    if card.encoder_fingerprint != encoder.card.fingerprint:
        raise CheckpointError(
            f"the head {card.name}",
            expected=f"its own encoder, {card.encoder} ({card.encoder_fingerprint})",
            found=f"{encoder.card.name} ({encoder.card.fingerprint}); fit a head on it with "
            "python -m studies.rhythm_head",
        )
