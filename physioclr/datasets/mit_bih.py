"""The MIT-BIH Arrhythmia Database in its official layout, cut into segments.

Moody GB, Mark RG. The impact of the MIT-BIH Arrhythmia Database. IEEE Eng Med Biol Mag 2001;20:45.
doi:10.1109/51.932724. 48 records of 47 people, 2 leads, 30 min, 360 Hz, beats and rhythms
annotated. A store holds the twelve standard leads, so this cohort is listed and read but not
prepared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import wfdb

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.errors import DatasetError
from physioclr.io import read_ecg
from physioclr.io.wfdb_header import parse_header
from physioclr.records import EcgRecord

__all__ = ["RHYTHMS", "is_mit_bih", "read_mit_bih"]

_BEAT_CLASSES = {
    "N": "Beats that are not ectopic",
    "S": "Supraventricular ectopic beats",
    "V": "Ventricular ectopic beats",
    "F": "Fusion of ventricular and normal beats",
    "Q": "Paced and unclassifiable beats",
}
"""The five classes of ANSI/AAMI EC57."""

RHYTHMS = {
    "N": "Normal sinus rhythm",
    "AB": "Atrial bigeminy",
    "AFIB": "Atrial fibrillation",
    "AFL": "Atrial flutter",
    "B": "Ventricular bigeminy",
    "BII": "Second-degree AV block",
    "IVR": "Idioventricular rhythm",
    "NOD": "Nodal rhythm",
    "P": "Paced rhythm",
    "PREX": "Preexcitation",
    "SBR": "Sinus bradycardia",
    "SVTA": "Supraventricular tachyarrhythmia",
    "T": "Ventricular trigeminy",
    "VFL": "Ventricular flutter",
    "VT": "Ventricular tachycardia",
}
"""The rhythms of the annotations, without the parenthesis they begin with."""

_SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
_CLASS_OF = {symbol: beat for beat, symbols in _SYMBOLS.items() for symbol in symbols}
_SAME_PERSON = {"202": "201"}
_RECORD_NUMBERS = range(100, 235)
_DAMAGE = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, eq=False)
class _Annotations:
    """Where beats are and of which class, where rhythms begin and which."""

    beats_samples: np.ndarray
    beat_classes: list[str]
    rhythms_samples: np.ndarray
    rhythms: list[str]


def is_mit_bih(folder: Path) -> bool:
    """Return whether a folder holds records of MIT-BIH and nothing but these.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    bool
        Whether each header is named by a number from 100 to 234 with annotations beside it.
    """
    headers = list(folder.glob("*.hea"))
    return bool(headers) and all(
        file.stem.isdigit()
        and int(file.stem) in _RECORD_NUMBERS
        and file.with_suffix(".atr").is_file()
        for file in headers
    )


def read_mit_bih(folder: str | Path, *, segment_s: float = 10.0) -> Cohort:
    """List consecutive segments of MIT-BIH.

    Parameters
    ----------
    folder : path-like
        With ``100.hea``, ``100.dat``, ``100.atr`` and so on.
    segment_s : float, optional
        Length of a segment in s; what is left at a record's end is not used.

    Returns
    -------
    Cohort
        A segment is named by its record and the second it begins at. Records 201 and 202 are of
        one person. The label set ``beat`` says which classes of ANSI/AAMI EC57 have a beat in the
        segment, ``rhythm`` which rhythms last into it or begin in it; it is unknown before a
        record's first rhythm annotation. Records keep their two leads. There is no official split.

    Raises
    ------
    DatasetError
        If there is no record, or a header or its annotations are missing or damaged.
    ValueError
        If `segment_s` is not a positive number of seconds.
    """
    if not (math.isfinite(segment_s) and segment_s > 0):
        raise ValueError(f"segment_s must be a positive number of seconds, got {segment_s}")
    folder = Path(folder)
    headers = sorted(folder.glob("*.hea"))
    if not headers:
        raise DatasetError(folder.name, expected="records such as 100.hea", found="none")
    return Cohort(
        name="MIT-BIH",
        records=tuple(s for header in headers for s in _segments(header, segment_s)),
        label_sets={"rhythm": RHYTHMS, "beat": _BEAT_CLASSES},
    )


def _segments(header: Path, segment_s: float) -> Iterator[CohortRecord]:
    stated = parse_header(header.read_bytes(), header.name)
    annotations = _annotations(header)
    n_samples = round(segment_s * stated.fs_hz)
    for start in range(0, stated.n_samples - n_samples + 1, n_samples):
        record_id = f"{header.stem}-{start / stated.fs_hz:g}s"
        yield CohortRecord(
            record_id=record_id,
            patient_id=_SAME_PERSON.get(header.stem, header.stem),
            read=partial(_read_segment, header, start, n_samples, record_id),
            labels=_labels(annotations, start, start + n_samples),
        )


def _read_segment(header: Path, start: int, n_samples: int, record_id: str) -> EcgRecord:
    record = _read_record(header)
    signal_mv = record.signal_mv[:, start : start + n_samples]
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record_id, record.meta)


@lru_cache(maxsize=1)
def _read_record(header: Path) -> EcgRecord:
    """Read a record; its segments are read one after another."""
    return read_ecg(header)


def _annotations(header: Path) -> _Annotations:
    try:
        read = wfdb.rdann(str(header.with_suffix("")), "atr")
    except _DAMAGE as error:
        raise DatasetError(
            f"{header.stem}.atr", expected="the annotations of MIT-BIH", found="none that are whole"
        ) from error
    beats = [
        (sample, _CLASS_OF[symbol])
        for sample, symbol in zip(read.sample, read.symbol, strict=True)
        if symbol in _CLASS_OF
    ]
    notes = (note.strip("\0 ") for note in read.aux_note)
    rhythms = [
        (sample, note[1:])
        for sample, note in zip(read.sample, notes, strict=True)
        if note[:1] == "(" and note[1:] in RHYTHMS
    ]
    return _Annotations(
        beats_samples=np.array([sample for sample, _ in beats], dtype=np.int64),
        beat_classes=[beat for _, beat in beats],
        rhythms_samples=np.array([sample for sample, _ in rhythms], dtype=np.int64),
        rhythms=[rhythm for _, rhythm in rhythms],
    )


def _labels(annotations: _Annotations, start: int, end: int) -> Mapping[str, dict[str, float]]:
    first, last = np.searchsorted(annotations.beats_samples, (start, end))
    beats = set(annotations.beat_classes[first:last])
    begun, ended = np.searchsorted(annotations.rhythms_samples, (start + 1, end))
    rhythms = set(annotations.rhythms[max(0, begun - 1) : ended])
    labels = {"beat": {beat: float(beat in beats) for beat in _BEAT_CLASSES}}
    if rhythms:
        labels["rhythm"] = {rhythm: float(rhythm in rhythms) for rhythm in RHYTHMS}
    return labels
