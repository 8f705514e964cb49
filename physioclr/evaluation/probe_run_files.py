"""A run of linear probes on disk, in two files.

``probe.json`` holds the scores and what they are of, ``probe.npz`` the numbers of every ECG and of
every resample.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.evaluation.probe_run import ProbedCohort, ProbeRun
from physioclr.probe import ProbeResult
from physioclr.runtime.atomic_files import make_folder, replacing

__all__ = ["open_probe_run", "probe_document", "save_probe_run"]

_JSON, _ARRAYS = "probe.json", "probe.npz"
_VERSION = 1
_SHARED = ("targets", "groups")
_BY_RECORD = ("probabilities", "folds")


def save_probe_run(run: ProbeRun, folder: Path) -> None:
    """Write a run into a folder.

    Parameters
    ----------
    run : ProbeRun
    folder : Path
        Made if it does not exist.

    Raises
    ------
    PhysioclrError
        If it cannot be written.
    """
    first = next(iter(run.results[run.seeds[0]].values()))
    arrays: dict[str, NDArray[Any]] = {"record_ids": run.record_ids}
    arrays |= {name: getattr(first, name) for name in _SHARED}
    for place, (seed, model, result) in enumerate(_every_result(run)):
        arrays |= {f"{name}-{place}": getattr(result, name) for name in _BY_RECORD}
        arrays[f"draws-{place}"] = run.draws[seed][model].astype(np.float32)
    make_folder(folder)
    with replacing(folder / _ARRAYS) as file:
        np.savez(file, allow_pickle=False, **arrays)
    with replacing(folder / _JSON) as file:
        file.write(json.dumps(probe_document(run), allow_nan=False).encode())


def probe_document(run: ProbeRun) -> dict[str, Any]:
    """Return the scores of a run and what they are of, as ``probe.json`` has them.

    Parameters
    ----------
    run : ProbeRun

    Returns
    -------
    dict
        ``version``, ``cohort``, ``results`` (one of each model and seed), ``subgroups`` and
        ``efficiency``; NaN is None.
    """
    return {
        "version": _VERSION,
        "cohort": asdict(run.cohort),
        "results": [
            {"model": model, **result.summary_dict()} for _, model, result in _every_result(run)
        ],
        "subgroups": _records(run.subgroups),
        "efficiency": _records(run.efficiency),
    }


def open_probe_run(folder: Path) -> ProbeRun:
    """Read what `save_probe_run` wrote.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    ProbeRun

    Raises
    ------
    DatasetError
        If there is none, it is damaged, or a newer version wrote it.
    """
    try:
        document = json.loads((folder / _JSON).read_bytes())
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            return _rebuilt(document, arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"{folder.name}/{_JSON}",
            expected="the results of a probe, whole and of this version",
            found=f"none that can be read ({type(error).__name__})",
        ) from error


def _every_result(run: ProbeRun) -> list[tuple[int, str, ProbeResult]]:
    return [
        (seed, model, r) for seed, of_seed in run.results.items() for model, r in of_seed.items()
    ]


def _rebuilt(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ProbeRun:
    if document["version"] != _VERSION:
        raise ValueError(f"version must be {_VERSION}, got {document['version']}")
    shared = {name: arrays[name] for name in _SHARED}
    results: dict[int, dict[str, ProbeResult]] = {}
    draws: dict[int, dict[str, NDArray[np.float32]]] = {}
    for place, stored in enumerate(document["results"]):
        own = {name: arrays[f"{name}-{place}"] for name in _BY_RECORD}
        result = ProbeResult.from_dict({**stored, **shared, **own})
        results.setdefault(result.seed, {})[stored["model"]] = result
        draws.setdefault(result.seed, {})[stored["model"]] = arrays[f"draws-{place}"]
    return ProbeRun(
        cohort=ProbedCohort(**document["cohort"]),
        record_ids=arrays["record_ids"],
        results=results,
        draws=draws,
        subgroups=_frame(document["subgroups"]),
        efficiency=_frame(document["efficiency"]),
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows for JSON: NaN becomes None."""
    return [
        {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    numbers = [name for name in table if table[name].map(lambda x: not isinstance(x, str)).all()]
    return table.astype(dict.fromkeys(numbers, float)) if numbers else table
