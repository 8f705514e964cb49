"""The layout of a store on disk: `StoreManifest`, the content of ``store.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from physioclr.errors import DatasetError

__all__ = ["MANIFEST_NAME", "STORE_VERSION", "Shard", "StoreManifest", "read_manifest"]

MANIFEST_NAME = "store.json"
STORE_VERSION: Final = 1

_FORMAT: Final = "physioclr-store"


class Shard(BaseModel):
    """One file of signals.

    Parameters
    ----------
    file : str
    n_records : int
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=r"^signals-\d{5}\.i16$")]
    n_records: Annotated[int, Field(ge=1)]


class StoreManifest(BaseModel):
    """What a store holds.

    Parameters
    ----------
    fs_hz : float
    leads : tuple of str
    n_samples : int
    n_records : int
    simulated : bool
        Whether every ECG comes from a simulator.
    source : str
        The cohort's name, to be shown.
    shards : tuple of Shard
    label_sets : dict of str to dict of str to str
        Set of labels → label → the label's name on screen.
    fingerprint : str
        Hash of the signals and the tables as they were written.
    parts : tuple of int, optional
        ECGs of each part of the tables: one part as prepared, one more for each time that was
        appended. Empty is one part of all.
    checksums : dict of str to str, optional
        File → SHA-256 of its bytes, for every other file of the store. Stores written before there
        were checksums have none.
    prepared : dict of str to object, optional
        The settings that `physioclr.datasets.prepare` made it with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["physioclr-store"] = _FORMAT
    version: Literal[1] = STORE_VERSION
    fs_hz: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    leads: Annotated[tuple[str, ...], Field(min_length=1)]
    n_samples: Annotated[int, Field(ge=1)]
    n_records: Annotated[int, Field(ge=1)]
    simulated: bool
    source: str
    shards: tuple[Shard, ...]
    label_sets: dict[str, dict[str, str]]
    fingerprint: str
    parts: tuple[Annotated[int, Field(ge=1)], ...] = ()
    checksums: dict[Annotated[str, Field(pattern=r"^[\w-]+\.\w+$")], str] = {}
    prepared: dict[str, Any] = {}

    @model_validator(mode="after")
    def _shards_hold_every_record(self) -> StoreManifest:
        held = sum(shard.n_records for shard in self.shards)
        if held != self.n_records:
            raise ValueError(f"its shards hold {held} records, not {self.n_records}")
        if self.parts and sum(self.parts) != self.n_records:
            raise ValueError(f"its parts hold {sum(self.parts)} records, not {self.n_records}")
        return self

    @model_validator(mode="after")
    def _leads_are_unique(self) -> StoreManifest:
        if len(set(self.leads)) < len(self.leads):
            raise ValueError("a lead is named twice")
        return self

    @property
    def part_sizes(self) -> tuple[int, ...]:
        """ECGs of each part of the tables."""
        return self.parts or (self.n_records,)

    def shard_bytes(self, shard: Shard) -> int:
        """Return the size of one shard's file in bytes."""
        return shard.n_records * len(self.leads) * self.n_samples * 2


def read_manifest(path: Path) -> StoreManifest:
    """Read the manifest of a store.

    Parameters
    ----------
    path : Path
        The store's folder.

    Returns
    -------
    StoreManifest

    Raises
    ------
    DatasetError
        If there is no such folder, it is not a store, or a newer version wrote it.
    """
    expected = f"the folder of a prepared store, with a {MANIFEST_NAME}"
    if not path.exists():
        raise DatasetError(path.name, expected=expected, found="no such folder")
    if not path.is_dir():
        raise DatasetError(path.name, expected=expected, found="a file")
    file = path / MANIFEST_NAME
    if not file.is_file():
        raise DatasetError(path.name, expected=expected, found=f"a folder without {MANIFEST_NAME}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise DatasetError(
            path.name, expected=expected, found=f"a {MANIFEST_NAME} that is not JSON"
        ) from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise DatasetError(
            path.name, expected=expected, found=f"a {MANIFEST_NAME} of something else"
        )
    version = content.get("version")
    if version != STORE_VERSION:
        raise DatasetError(
            path.name, expected=f"store version {STORE_VERSION}", found=f"version {version}"
        )
    try:
        return StoreManifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise DatasetError(
            f"{path.name}/{MANIFEST_NAME}",
            expected="a valid manifest",
            found=f"a mistake in {where} ({first['msg']})",
        ) from None
