"""The label sets of PTB-XL, made of the statements in ``scp_statements.csv``.

SCP-ECG statements are diagnostic, of form or of rhythm, some more than one of these; diagnostic
ones belong to a superclass and a subclass. Wagner P et al. Sci Data 2020;7:154,
doi:10.1038/s41597-020-0495-6; the sets are those of Strodthoff N et al. IEEE J Biomed Health
Inform 2021;25:1519, doi:10.1109/JBHI.2020.3022989.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

__all__ = ["STATEMENT_COLUMNS", "SUPERCLASSES", "StatementLabels"]

STATEMENT_COLUMNS = (
    "description",
    "diagnostic",
    "form",
    "rhythm",
    "diagnostic_class",
    "diagnostic_subclass",
)

SUPERCLASSES = {
    "NORM": "Normal ECG",
    "MI": "Myocardial infarction",
    "STTC": "ST/T change",
    "CD": "Conduction disturbance",
    "HYP": "Hypertrophy",
}
"""The diagnostic superclasses, in the paper's order."""

_SUBCLASSES = {
    "NORM": "Normal ECG",
    "AMI": "Anterior myocardial infarction",
    "IMI": "Inferior myocardial infarction",
    "LMI": "Lateral myocardial infarction",
    "PMI": "Posterior myocardial infarction",
    "STTC": "Other ST/T change",
    "NST_": "Nonspecific ST change",
    "ISC_": "Nonspecific ischemic ST/T change",
    "ISCA": "Ischemic ST/T change in anterior leads",
    "ISCI": "Ischemic ST/T change in inferior leads",
    "LAFB/LPFB": "Left anterior or posterior fascicular block",
    "IRBBB": "Incomplete right bundle branch block",
    "CRBBB": "Complete right bundle branch block",
    "ILBBB": "Incomplete left bundle branch block",
    "CLBBB": "Complete left bundle branch block",
    "IVCD": "Nonspecific intraventricular conduction disturbance",
    "_AVB": "AV block",
    "WPW": "Wolff-Parkinson-White syndrome",
    "LVH": "Left ventricular hypertrophy",
    "RVH": "Right ventricular hypertrophy",
    "SEHYP": "Septal hypertrophy",
    "LAO/LAE": "Left atrial overload or enlargement",
    "RAO/RAE": "Right atrial overload or enlargement",
}
"""The diagnostic subclasses, by superclass."""


@dataclass(frozen=True)
class StatementLabels:
    """Which labels each statement stands for.

    Parameters
    ----------
    labels_of : mapping of str to mapping of str to str
        Set → statement → label.
    label_sets : mapping of str to mapping of str to str
        Set → label → its name, the superclasses first.
    """

    labels_of: Mapping[str, Mapping[str, str]]
    label_sets: Mapping[str, Mapping[str, str]]

    @classmethod
    def of_table(cls, table: pd.DataFrame) -> StatementLabels:
        """Make the label sets of a table of statements.

        Parameters
        ----------
        table : DataFrame
            ``scp_statements.csv``: the statement in the first column, then `STATEMENT_COLUMNS`.

        Returns
        -------
        StatementLabels
        """
        statements = table.set_index(table[table.columns[0]].astype(str))
        diagnostic = statements[statements["diagnostic"] == 1]
        labels_of = {
            "superclass": _texts(diagnostic["diagnostic_class"]),
            "subclass": _texts(diagnostic["diagnostic_subclass"]),
        }
        label_sets = {"superclass": SUPERCLASSES, "subclass": _SUBCLASSES}
        for kind in ("form", "rhythm"):
            described = _texts(statements.loc[statements[kind] == 1, "description"])
            labels_of[kind] = {code: code for code in described}
            label_sets[kind] = {
                code: text[:1].upper() + text[1:] for code, text in described.items()
            }
        return cls(labels_of, label_sets)

    def of_record(self, codes: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the labels of a record.

        Parameters
        ----------
        codes : iterable of str
            Its statements, whatever their likelihood.

        Returns
        -------
        dict of str to dict of str to float
            Set → label → 1 or 0; a set is empty, which is unknown, where no statement is of it.
        """
        stated = list(codes)
        labels: dict[str, dict[str, float]] = {}
        for name, of_set in self.labels_of.items():
            present = {of_set[code] for code in stated if code in of_set}
            known = self.label_sets[name] if present else {}
            labels[name] = {label: float(label in present) for label in known}
        return labels


def _texts(column: pd.Series) -> dict[str, str]:
    return {str(code): str(text) for code, text in column.dropna().items()}
