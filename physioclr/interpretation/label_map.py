"""What the words of labelled cohorts say of our statements: one table, extended by a file.

Cohorts label ECGs in different words: SCP-ECG statements (PTB-XL), SNOMED CT codes (PhysioNet
Challenges), nine words (CPSC 2018), AHA statement numbers (SPH), acronyms (Chapman-Shaoxing),
sentences (LUDB). ``label_map.csv`` relates each word to the codes of
`physioclr.interpretation.vocabulary`. Words are compared as they are spelt, never by likeness.

A row is of one of these kinds:

=================== ===============================================================================
``present``         The word states these codes.
``possible``        The word leaves these codes open: "RBBB", complete or incomplete.
``absent``          The word rules these codes out.
``none``            The word says nothing of our statements; the note says why.
``annotated``       No word: the cohort states these codes wherever they are, so silence is absence.
``annotated_if_any`` The same, for ECGs of which at least one of these codes is stated or open.
=================== ===============================================================================

Whatever a cohort does not annotate is unknown (NaN), never absent. Two rows of a word with the
same code are refused. A row with a cohort takes precedence over the word's rows without one.

Sources: PTB-XL's ``scp_statements.csv``; ``dx_mapping_scored.csv`` and ``dx_mapping_unscored.csv``
of github.com/physionetchallenges/evaluation-2021, also for what each cohort of the Challenges
annotates; ``ludb.csv``; Zheng et al. 2020, doi:10.1038/s41597-020-0386-x; Mason et al. 2007,
doi:10.1161/CIRCULATIONAHA.106.180201.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from physioclr.errors import DatasetError
from physioclr.interpretation.vocabulary import VOCABULARY

__all__ = ["GROUP_CODES", "GROUP_MEMBERS", "LabelMap", "Meaning", "default_label_map"]

_TABLE = "label_map.csv"
_COLUMNS = ("vocabulary", "cohort", "word", "codes", "relation", "note")
_OF_WORDS = ("present", "possible", "absent", "none")
_OF_COHORTS = ("annotated", "annotated_if_any")

GROUP_CODES: Mapping[str, str] = MappingProxyType(
    {
        "RBBB": "Right bundle branch block, complete or incomplete",
        "LBBB": "Left bundle branch block, complete or incomplete",
    }
)
"""Codes of several findings, for cohorts that do not tell them apart."""

GROUP_MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"RBBB": ("CRBBB", "IRBBB"), "LBBB": ("CLBBB", "ILBBB")}
)
"""Code of several findings → the findings."""

_IMPLIED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("SBRAD", "STACH", "SARRH", "NORM"), "SR"),
        **{member: group for group, members in GROUP_MEMBERS.items() for member in members},
        **dict.fromkeys(("APACE", "VPACE", "DPACE"), "PACE"),
        "VPAIR": "PVC",
        "STEMI": "STE_",
    }
)
_NO_SINUS = ("AFIB", "AFLT", "SVTAC", "JUNC", "EAR")
_BESIDE_NORMAL = ("SBRAD", "STACH", "SARRH")
"""A normal ECG may be stated with these."""


@dataclass(frozen=True)
class Meaning:
    """What one word says.

    Parameters
    ----------
    present, possible, absent : frozenset of str
        Codes that it states, leaves open, rules out.
    note : str
        Why it states none, or what restricts it; empty otherwise.
    """

    present: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class _Scope:
    codes: tuple[str, ...]
    if_any: bool


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Words of cohorts → codes of our statements.

    Parameters
    ----------
    meanings : mapping of (str, str, str) to Meaning
        By vocabulary, cohort (empty: any) and word.
    scopes : mapping of (str, str) to tuple
        What a cohort annotates, by vocabulary and cohort.
    """

    meanings: Mapping[tuple[str, str, str], Meaning]
    scopes: Mapping[tuple[str, str], tuple[_Scope, ...]]
    _codes: tuple[str, ...] = field(default=(*VOCABULARY, *GROUP_CODES), repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that `labels` speaks of: the vocabulary, then `GROUP_CODES`."""
        return self._codes

    @property
    def vocabularies(self) -> tuple[str, ...]:
        """The vocabularies with at least one word."""
        return tuple(dict.fromkeys(vocabulary for vocabulary, _, _ in self.meanings))

    def words(self, vocabulary: str) -> tuple[str, ...]:
        """Return the words of a vocabulary, each once."""
        return tuple(dict.fromkeys(word for of, _, word in self.meanings if of == vocabulary))

    def meaning(self, vocabulary: str, word: str, cohort: str = "") -> Meaning:
        """Return what a word says in a cohort.

        Parameters
        ----------
        vocabulary : str
            Such as ``"snomed_ct"``.
        word : str
        cohort : str
            Some words mean another thing in one cohort.

        Returns
        -------
        Meaning

        Raises
        ------
        DatasetError
            If the table has no such word.
        """
        for of_cohort in (cohort, ""):
            if (vocabulary, of_cohort, word) in self.meanings:
                return self.meanings[vocabulary, of_cohort, word]
        raise DatasetError(
            f"the label {word!r} of the vocabulary {vocabulary}",
            expected="a row in label_map.csv or in a table of your own that extends it",
            found="none",
        )

    def labels(self, vocabulary: str, words: Iterable[str], cohort: str) -> dict[str, float]:
        """Return what the words of one ECG say of every code.

        Parameters
        ----------
        vocabulary : str
        words : iterable of str
            Those stated of the ECG. None at all means that nothing is known of it, unless the
            cohort annotates codes whatever is stated.
        cohort : str
            Such as ``"Georgia"``; what it annotates decides what silence means. A cohort without
            such rows states what is present and nothing else.

        Returns
        -------
        dict of str to float
            1, 0 or NaN = unknown, for each of `codes`.

        Raises
        ------
        DatasetError
            If the table lacks one of the words.
        """
        meant = [self.meaning(vocabulary, word, cohort) for word in words]
        present = _with_implied({code for each in meant for code in each.present})
        possible = _with_implied({code for each in meant for code in each.possible}) - present
        absent = {code for each in meant for code in each.absent} | _excluded(present)
        for scope in self.scopes.get((vocabulary, cohort), ()):
            if not scope.if_any or (present | possible) & set(scope.codes):
                absent |= set(scope.codes)
        absent -= present | possible
        # What implies an absent finding is absent too: no bundle branch block, no complete one.
        absent |= {
            code for code, implied in _IMPLIED.items() if implied in absent and code not in present
        }
        found = dict.fromkeys(self._codes, math.nan)
        found |= dict.fromkeys(absent, 0.0)
        return found | dict.fromkeys(present, 1.0)

    def annotated(self, vocabulary: str, cohort: str) -> frozenset[str]:
        """Return the codes of which a cohort's silence means absence."""
        scopes = self.scopes.get((vocabulary, cohort), ())
        return frozenset(code for scope in scopes for code in scope.codes)

    def extended(self, table: Path) -> LabelMap:
        """Add a table of one's own; its words replace those of the same name.

        Parameters
        ----------
        table : Path
            A CSV with the columns of ``label_map.csv``.

        Returns
        -------
        LabelMap

        Raises
        ------
        DatasetError
            If it cannot be read, lacks a column, or a row is not as documented.
        """
        try:
            text = table.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(
                table.name, expected="a CSV in UTF-8", found=type(error).__name__
            ) from error
        own = _parsed(text, table.name)
        return LabelMap({**self.meanings, **own.meanings}, {**self.scopes, **own.scopes})


@cache
def default_label_map() -> LabelMap:
    """Return the table that comes with the package."""
    text = files("physioclr.interpretation").joinpath(_TABLE).read_text(encoding="utf-8")
    return _parsed(text, _TABLE)


def _with_implied(codes: set[str]) -> set[str]:
    return codes | {_IMPLIED[code] for code in codes if code in _IMPLIED}


def _excluded(present: set[str]) -> set[str]:
    excluded = {"SR"} if present.intersection(_NO_SINUS) else set()
    if "NORM" in present:
        excluded |= {
            code
            for code, term in VOCABULARY.items()
            if term.abnormal and code not in _BESIDE_NORMAL
        }
        excluded |= set(GROUP_CODES)
    return excluded


def _parsed(text: str, name: str) -> LabelMap:
    reader = csv.DictReader(text.splitlines())
    if missing := [column for column in _COLUMNS if column not in (reader.fieldnames or ())]:
        raise DatasetError(
            name, expected=f"the columns {', '.join(_COLUMNS)}", found=f"no {', '.join(missing)}"
        )
    words: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = {}
    notes: dict[tuple[str, str, str], list[str]] = {}
    scopes: dict[tuple[str, str], list[_Scope]] = {}
    for number, row in enumerate(reader, start=2):
        codes = tuple((row["codes"] or "").split())
        _check_row(row, codes, f"{name}, line {number}")
        if row["relation"] in _OF_COHORTS:
            scope = _Scope(codes, row["relation"] == "annotated_if_any")
            scopes.setdefault((row["vocabulary"], row["cohort"]), []).append(scope)
            continue
        key = (row["vocabulary"], row["cohort"], row["word"])
        said = words.setdefault(key, {})
        twice = {code for of in said.values() for code in of}.intersection(codes)
        if row["relation"] in said or twice or "none" in said:
            raise DatasetError(
                f"{name}, line {number}",
                expected=f"each code of {row['word']!r} in one row",
                found=f"{', '.join(sorted(twice)) or row['relation']} twice",
            )
        said[row["relation"]] = codes
        notes.setdefault(key, []).append(row["note"] or "")
    meanings = {key: _meaning(said, notes[key]) for key, said in words.items()}
    annotated = {key: tuple(each) for key, each in scopes.items()}
    return LabelMap(MappingProxyType(meanings), MappingProxyType(annotated))


def _meaning(said: Mapping[str, tuple[str, ...]], notes: Iterable[str]) -> Meaning:
    return Meaning(
        present=frozenset(said.get("present", ())),
        possible=frozenset(said.get("possible", ())),
        absent=frozenset(said.get("absent", ())),
        note="; ".join(filter(None, notes)),
    )


def _check_row(row: Mapping[str, str | None], codes: tuple[str, ...], where: str) -> None:
    relation, word, cohort = (row[name] or "" for name in ("relation", "word", "cohort"))
    if relation not in (*_OF_WORDS, *_OF_COHORTS):
        allowed = ", ".join((*_OF_WORDS, *_OF_COHORTS))
        raise DatasetError(where, expected=f"a relation of {allowed}", found=repr(relation))
    unknown = [code for code in codes if code not in VOCABULARY and code not in GROUP_CODES]
    if unknown or len(set(codes)) < len(codes):
        raise DatasetError(
            where,
            expected="codes of physioclr's vocabulary, each once",
            found=", ".join(unknown) or row["codes"] or "",
        )
    of_cohort = relation in _OF_COHORTS
    fits = bool(cohort) and not word if of_cohort else bool(word)
    if not row["vocabulary"] or not fits or bool(codes) != (relation != "none"):
        needed = {True: "a cohort, no word, and codes", False: "a word, and codes"}[of_cohort]
        raise DatasetError(
            where,
            expected="a vocabulary, a word, a note and no codes"
            if relation == "none"
            else f"a vocabulary, {needed}",
            found=", ".join(f"{name} {row[name] or 'empty'}" for name in _COLUMNS[:4]),
        )
    if relation == "none" and not row["note"]:
        raise DatasetError(where, expected="a note that says why it maps to none", found="none")
