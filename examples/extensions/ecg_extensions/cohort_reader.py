"""A cohort reader: a folder whose ``index.json`` lists files, people and findings."""

import json
from functools import partial
from pathlib import Path

from physioclr import read_ecg
from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_readers import CohortReader


def read_indexed_folder(folder: Path) -> Cohort:
    rows = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    findings = sorted({finding for row in rows for finding in row["findings"]})
    return Cohort(
        name=folder.name,
        records=tuple(
            CohortRecord(
                record_id=row["id"],
                patient_id=row["patient"],
                read=partial(read_ecg, folder / row["file"]),
                age_years=row["age_years"],
                labels={"finding": {each: float(each in row["findings"]) for each in findings}},
            )
            for row in rows
        ),
        label_sets={"finding": {each: each for each in findings}},
    )


INDEXED_FOLDER = CohortReader(
    name="a folder with index.json",
    recognises=lambda path: (path / "index.json").is_file(),
    read=read_indexed_folder,
)
