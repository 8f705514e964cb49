"""JSON of hand-held ECGs: KardiaMobile recordings of the Kardia API, readings of the Fitbit API."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from physioclr.errors import RecordError
from physioclr.io.channels import FileSignal, join_signals
from physioclr.io.ecg_records import ecg_record
from physioclr.io.limits import check_samples, current_limits
from physioclr.io.self_described_tables import recording_of_samples
from physioclr.records import EcgRecord

__all__ = ["read_json"]

_EXPECTED = "a recording of the Kardia API or readings of the Fitbit API"
_LEADS = {"leadI": "I", "leadII": "II", "leadIII": "III", "AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}


def read_json(content: bytes, name: str) -> EcgRecord:
    """Read a recording in JSON.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.

    Returns
    -------
    EcgRecord
        Of several readings the first.

    Raises
    ------
    RecordError
        If it is another document, is damaged, or does not state rate and unit.
    """
    most = current_limits().json_bytes
    if len(content) > most:
        raise RecordError(
            name, expected=f"JSON of at most {most // 2**20} MiB", found=f"{len(content)} bytes"
        )
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise RecordError(name, expected="whole JSON", found="damaged") from None
    if isinstance(document, Mapping) and isinstance(document.get("ecgReadings"), list):
        readings = [r for r in document["ecgReadings"] if isinstance(r, Mapping)]
        if readings and isinstance(readings[0].get("waveformSamples"), list):
            return recording_of_samples(
                readings[0]["waveformSamples"],
                rate=readings[0].get("samplingFrequencyHz", ""),
                scale=readings[0].get("scalingFactor", ""),
                name=name,
                file_format="Fitbit JSON",
                n_recordings=len(readings),
            )
    data = document.get("data") if isinstance(document, Mapping) else None
    if isinstance(data, Mapping) and isinstance(data.get("raw"), Mapping):
        return _kardia(data["raw"], name)
    found = "a 12-lead recording, which states no amplitude" if _is_12_lead(document) else "another"
    raise RecordError(name, expected=_EXPECTED, found=found)


def _is_12_lead(document: Any) -> bool:
    return isinstance(document, Mapping) and "data12L" in document


def _kardia(block: Mapping[str, Any], name: str) -> EcgRecord:
    """Read the unfiltered signal; its resolution is in nanovolts (developers.kardia.com)."""
    fs_hz, nv = _number(block.get("frequency")), _number(block.get("amplitudeResolution"))
    samples = block.get("samples")
    if fs_hz is None or nv is None or not isinstance(samples, Mapping) or not samples:
        raise RecordError(
            name,
            expected="frequency, amplitudeResolution and samples above 0: none is guessed",
            found="one that is missing or no number",
        )
    signals = []
    check_samples(sum(len(row) for row in samples.values() if isinstance(row, list)), name)
    for lead, row in samples.items():
        try:
            values = np.array([math.nan if value is None else value for value in row], np.float64)
        except (TypeError, ValueError):
            values = np.empty((0, 0))
        if values.ndim != 1:
            raise RecordError(name, expected="a list of numbers a lead", found="something else")
        signals.append(
            FileSignal(_LEADS.get(str(lead), str(lead)), values * (nv / 1e6), "mV", fs_hz)
        )
    return ecg_record(
        join_signals(signals, name),
        source=name,
        file_format="Kardia JSON",
        record_id=PurePosixPath(name).stem,
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
