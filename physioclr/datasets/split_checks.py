"""No patient on both sides of a cohort's own split."""

from __future__ import annotations

from collections.abc import Iterable

from physioclr.datasets.cohort import CohortRecord
from physioclr.errors import DatasetError

__all__ = ["refuse_divided_patients"]


def refuse_divided_patients(cohort: str, records: Iterable[CohortRecord]) -> None:
    """Refuse a cohort with a patient in two folds.

    Parameters
    ----------
    cohort : str
        Its name, for the error.
    records : iterable of CohortRecord

    Raises
    ------
    DatasetError
        If ECGs of one patient are in different folds; an ECG without a fold is in none.
    """
    fold_of: dict[str, int] = {}
    for record in records:
        if record.fold is None:
            continue
        fold = fold_of.setdefault(record.patient_id, record.fold)
        if fold != record.fold:
            raise DatasetError(
                cohort,
                expected="each patient on one side of the cohort's split",
                found=f"patient {record.patient_id} in folds {fold} and {record.fold}",
            )
