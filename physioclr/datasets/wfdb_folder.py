"""A folder of WFDB records, also in folders within it.

The PhysioNet/CinC Challenges 2020 and 2021 come like this, with SNOMED CT codes in ``#Dx``:
Perez Alday EA et al. Physiol Meas 2020;41:124003, doi:10.1088/1361-6579/abc960; Reyna MA et al.
Comput Cardiol 2021, doi:10.23919/CinC53138.2021.9662687.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.wfdb_comments import stated_by_comments
from physioclr.io.wfdb_header import parse_header

__all__ = ["DIAGNOSIS_CODES", "read_wfdb_folder"]

DIAGNOSIS_CODES = "diagnosis_code"
"""The label set that holds the codes of ``#Dx``."""


def read_wfdb_folder(folder: Path) -> Cohort:
    """List the WFDB records below a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Cohort
        In the order of their paths. A record is named by its file's stem, or by its path where
        stems repeat. Headers of this form do not name people: each record counts as its own
        patient. The label set ``diagnosis_code`` holds the codes of ``#Dx``, where any record has
        one; they are unknown for a record that states none.
    """
    headers = _records_among(sorted(folder.rglob("*.hea")))
    repeats = len({file.stem for file in headers}) < len(headers)
    codes = {
        file.relative_to(folder).with_suffix("").as_posix() if repeats else file.stem: of_file
        for file, of_file in headers.items()
    }
    vocabulary = [code for code, _ in Counter(c for of in codes.values() for c in of).most_common()]
    return Cohort(
        name=folder.resolve().name,
        records=tuple(
            CohortRecord(
                record_id=record_id,
                patient_id=record_id,
                read=partial(read_ecg, file),
                labels={DIAGNOSIS_CODES: {c: float(c in own) for c in vocabulary}} if own else {},
            )
            for (record_id, own), file in zip(codes.items(), headers, strict=True)
        ),
        label_sets={DIAGNOSIS_CODES: {code: code for code in vocabulary}} if vocabulary else {},
    )


def _records_among(files: list[Path]) -> dict[Path, tuple[str, ...]]:
    """Return each record's header and diagnosis codes; a segment of a record is not one.

    A header that cannot be parsed stays: reading the record will say why.
    """
    codes: dict[Path, tuple[str, ...]] = {}
    segments: set[Path] = set()
    for file in files:
        try:
            header = parse_header(file.read_bytes(), file.name)
        except RecordError:
            codes[file] = ()
            continue
        codes[file] = stated_by_comments(header.comments).get("diagnosis_codes", ())
        segments.update(file.with_name(f"{part.name}.hea") for part in header.segments)
    return {file: of_file for file, of_file in codes.items() if file not in segments}
