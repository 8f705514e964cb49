"""An embedding map on disk: ``<path>.npz`` has its arrays, ``<path>.json`` its settings."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np

from physioclr.errors import DatasetError
from physioclr.explore.embedding_map import EmbeddingMap
from physioclr.explore.map_layout import MapSettings
from physioclr.explore.neighbourhoods import MapFaithfulness
from physioclr.runtime.atomic_files import replace_file

__all__ = ["load_map", "save_map"]

_FORMAT, _VERSION = "physioclr-embedding-map", 2


def save_map(mapped: EmbeddingMap, path: Path) -> None:
    """Write ``<path>.npz`` (arrays) and ``<path>.json`` (settings), each whole or not at all.

    Parameters
    ----------
    mapped : EmbeddingMap
    path : Path
        Without suffix.
    """
    arrays = BytesIO()
    np.savez(
        arrays,
        embeddings=mapped.embeddings,
        coordinates=mapped.coordinates,
        typical_distances=mapped.typical_distances,
    )
    said = {
        "format": _FORMAT,
        "version": _VERSION,
        "settings": asdict(mapped.settings),
        "faithfulness": asdict(mapped.faithfulness),
    }
    replace_file(_beside(path, ".npz"), arrays.getvalue())
    replace_file(_beside(path, ".json"), (json.dumps(said, indent=2) + "\n").encode())


def load_map(path: Path) -> EmbeddingMap:
    """Read what `save_map` wrote; nothing is unpickled.

    Parameters
    ----------
    path : Path
        Without suffix.

    Returns
    -------
    EmbeddingMap

    Raises
    ------
    DatasetError
        If a file is missing, damaged, of another version or not a map.
    """
    try:
        said = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
        found = (said["format"], said["version"])
        if found != (_FORMAT, _VERSION):
            raise ValueError(f"{found[0]} of version {found[1]}, not {_VERSION}")
        with (
            _beside(path, ".npz").open("rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            loaded = EmbeddingMap(
                embeddings=arrays["embeddings"],
                coordinates=arrays["coordinates"],
                settings=MapSettings(**said["settings"]),
                faithfulness=MapFaithfulness(**said["faithfulness"]),
                typical_distances=arrays["typical_distances"],
            )
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise DatasetError(path.name, expected=f"a file {name}", found="none") from error
    except (
        *(ValueError, KeyError, TypeError, EOFError, OSError, MemoryError),
        *(zipfile.BadZipFile, zlib.error),
    ) as error:
        raise DatasetError(
            path.name, expected="an embedding map as PhysioCLR writes it", found=str(error)
        ) from error
    return loaded


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
