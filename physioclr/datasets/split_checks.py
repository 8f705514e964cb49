"""Nobody on both sides of a cohort's own split."""

from __future__ import annotations

from collections.abc import Iterable

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.store_writer import StoreWriter
from physioclr.errors import DatasetError

__all__ = ["refuse_divided_ecg", "refuse_divided_patients"]


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


def refuse_divided_ecg(
    writer: StoreWriter, cohort: str, first: tuple[str, int | None], again: CohortRecord
) -> None:
    """Refuse a cohort with one ECG in two folds, and give up its store.

    Parameters
    ----------
    writer : StoreWriter
    cohort : str
        Its name, for the error.
    first : (str, int or None)
        Record id and fold of the ECG that is there.
    again : CohortRecord
        One with the same signal.

    Raises
    ------
    DatasetError
        If their folds differ.
    """
    record_id, fold = first
    if fold is None or again.fold is None or fold == again.fold:
        return
    writer.discard()
    raise DatasetError(
        cohort,
        expected="each ECG on one side of the cohort's split",
        found=f"the signal of {record_id} (fold {fold}) also as {again.record_id} "
        f"(fold {again.fold})",
    )
