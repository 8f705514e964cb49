"""How often the statements are right: ``python -m benchmarks.interpretation ../shared/data``.

Of every statement and cohort: how many ECGs have the label, sensitivity, specificity, positive
predictive value and F1 of the state "present", with 95 % intervals (Wilson; F1 by 1,000 bootstrap
samples), how many ECGs could not be assessed, and the sensitivity if borderline counts as found.
Not assessable counts as not found. ``--misses CODE`` lists the ECGs that differ. ``--normal`` lists
the ECGs coded normal that have an abnormal statement. ``--cache DIR`` stores what is slow.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.interpretation_cases import COHORTS, Case, read_cases
from benchmarks.interpretation_labels import CODES_OF, JUDGED
from physioclr.interpretation.interpret import CRITERIA, interpret
from physioclr.interpretation.reading import RULES
from physioclr.interpretation.statement import Interpretation
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.measuring_band import measuring_band

CPSC_WORDS = ("NORM", "AFIB", "1AVB", "CLBBB", "CRBBB", "PAC", "PVC", "STD_", "STE_")

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """One statement on one cohort."""

    cohort: str
    code: str
    n: int
    n_positive: int
    n_not_assessable: int
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    ppv: tuple[float, float, float]
    f1: tuple[float, float, float]
    sensitivity_with_borderline: float
    specificity_with_borderline: float


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float, float]:
    """Return a share and its 95 % interval (Wilson 1927); NaN of none."""
    if n == 0:
        return (np.nan, np.nan, np.nan)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return share, float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def f1_with_interval(truth: Flags, found: Flags, seed: int = 0) -> tuple[float, float, float]:
    """Return F1 and its 95 % bootstrap interval over ECGs."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, truth.size, (1000, truth.size))
    sampled = _f1(truth[draws], found[draws])
    low, high = np.nanquantile(sampled, [0.025, 0.975]) if truth.any() else (np.nan, np.nan)
    return float(_f1(truth[None], found[None])[0]), float(low), float(high)


def _f1(truth: Flags, found: Flags) -> NDArray[np.float64]:
    both = (truth & found).sum(axis=1)
    either = truth.sum(axis=1) + found.sum(axis=1)
    return np.divide(2 * both, either, out=np.full(len(both), np.nan), where=either > 0)


def truth_of(case: Case) -> frozenset[str]:
    """Return the statements a case's labels stand for."""
    codes = CODES_OF[case.cohort]
    stated = {codes[label] for label in case.stated if label in codes}
    if stated & {"SBRAD", "STACH", "SARRH"}:
        stated.add("SR")
    return frozenset(stated)


def score(cohort: str, code: str, cases: list[Case], read: list[Interpretation]) -> Score:
    truth = np.array([code in truth_of(case) for case in cases])
    states = np.array([each.state(code) for each in read])
    found, perhaps = states == "present", (states == "present") | (states == "borderline")
    return Score(
        cohort,
        code,
        len(cases),
        int(truth.sum()),
        int((states == "not assessable").sum()),
        wilson(int((truth & found).sum()), int(truth.sum())),
        wilson(int((~truth & ~found).sum()), int((~truth).sum())),
        wilson(int((truth & found).sum()), int(found.sum())),
        f1_with_interval(truth, found),
        wilson(int((truth & perhaps).sum()), int(truth.sum()))[0],
        wilson(int((~truth & ~perhaps).sum()), int((~truth).sum()))[0],
    )


def cpsc_words(said: Interpretation) -> frozenset[str]:
    """Return the nine words of CPSC 2018 that an interpretation amounts to.

    RBBB is said there of narrow rSr′ too, and ST changes of borderline ones. A word on ST stands
    alone (no ECG has one beside another word), Normal if none of the others is said.
    """
    words = {
        code for code in ("AFIB", "1AVB", "CLBBB", "PAC", "PVC") if said.state(code) == "present"
    }
    if said.state("CRBBB") == "present" or said.state("IRBBB") in ("present", "borderline"):
        words.add("CRBBB")
    if not words:
        at_least = ("present", "borderline")
        words |= {code for code in ("STE_", "STD_") if said.state(code) in at_least}
    return frozenset(words or {"NORM"})


def score_words(cases: list[Case], read: list[Interpretation]) -> list[str]:
    """Return F1 of each of the nine words as a row of a table, and their mean."""
    said = [cpsc_words(each) for each in read]
    values, rows = [], []
    for word in CPSC_WORDS:
        truth = np.array([word in truth_of(case) for case in cases])
        found = np.array([word in words for words in said])
        value, low, high = f1_with_interval(truth, found)
        values.append(value)
        wrong = [
            f"{'-' if t else '+'}{case.record.record_id}"
            for case, t, f in zip(cases, truth, found, strict=True)
            if t != f
        ]
        rows.append(
            f"| {word} | {truth.sum()} | {value:.3f} [{low:.2f}, {high:.2f}] | {' '.join(wrong)} |"
        )
    return [*rows, f"mean F1 of the nine words: {np.mean(values):.3f}"]


def _cell(values: tuple[float, float, float]) -> str:
    value, low, high = values
    return "–" if np.isnan(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def print_scores(scores: list[Score]) -> None:
    print(
        "| cohort | statement | n | with | not assessable | sensitivity | specificity | PPV | F1 |",
        end="",
    )
    print(" with borderline: sens., spec. |")
    print("| --- " * 10 + "|")
    for each in scores:
        cells = (each.sensitivity, each.specificity, each.ppv, each.f1)
        print(
            f"| {each.cohort} | {each.code} | {each.n} | {each.n_positive} | "
            f"{each.n_not_assessable} | {' | '.join(_cell(cell) for cell in cells)} | "
            f"{each.sensitivity_with_borderline:.2f}, {each.specificity_with_borderline:.2f} |"
        )


def print_misses(code: str, cohort: str, cases: list[Case], read: list[Interpretation]) -> None:
    for case, said in zip(cases, read, strict=True):
        stated, statement = code in truth_of(case), said[code]
        if stated == (statement.state == "present"):
            continue
        shown = "; ".join(each.text for each in statement.evidence[:6])
        print(
            f"{cohort} {case.record.record_id} labelled {sorted(case.stated)}: {statement.state} "
            f"{statement.reason} [{shown}]"
        )


def _coded_otherwise(case: Case) -> bool:
    """Whether an ECG coded normal has the code of a finding that is none too."""
    beside = truth_of(case) - {"NORM", "VCLVH"}
    return any(VOCABULARY[code].abnormal for code in beside)


def print_normal(cases: list[Case], read: list[Interpretation]) -> list[str]:
    """List the ECGs coded normal that have an abnormal statement; return how many they are."""
    normal = [
        (case, said) for case, said in zip(cases, read, strict=True) if "NORM" in truth_of(case)
    ]
    flagged = alone = flagged_alone = 0
    for case, said in normal:
        surely = [
            each for each in said.abnormal if each.state == "present" and each.code != "ABNORM"
        ]
        flagged += bool(surely)
        alone += not _coded_otherwise(case)
        flagged_alone += bool(surely) and not _coded_otherwise(case)
        if surely:
            said_of = "; ".join(
                f"{each.code}: {', '.join(e.text for e in each.evidence[:3])}" for each in surely
            )
            print(f"{case.cohort} {case.record.record_id} {sorted(case.stated)}: {said_of}")
    counts = []
    for said_of, hits, n in (
        ("coded normal", flagged, len(normal)),
        ("coded normal and nothing else abnormal", flagged_alone, alone),
    ):
        if n:
            share, low, high = wilson(hits, n)
            counts.append(f"{hits} of {n} {said_of}, {share:.3f} [{low:.3f}, {high:.3f}]")
    print("\n".join(counts))
    return counts


def read_all(cases: list[Case]) -> tuple[list[Interpretation], float]:
    """Interpret every case; return also the ms an ECG that it takes once it is measured."""
    read, seconds = [], 0.0
    for case in cases:
        measuring_band(case.record.signal_mv, case.record.fs_hz)  # as measuring leaves it behind
        started = time.process_time()
        read.append(
            interpret(
                case.record,
                quality=case.quality,
                features=case.features,
                measured=case.measurements,
            )
        )
        seconds += time.process_time() - started
    return read, 1000 * seconds / len(cases)


def write_docs(
    page: Path, scores: list[Score], words: list[str], normal: list[str], ms: dict[str, float]
) -> None:
    """Write rules, criteria and scores between the marks of a page."""
    rules = "\n".join(f"- **{name}**: {rule}" for name, rule in RULES.items())
    criteria = ["| code | finding | criterion | source |", "| --- | --- | --- | --- |"]
    criteria += [
        f"| `{c.code}` | {VOCABULARY[c.code].text} | {c.rule} | {c.source} |"
        for c in sorted(CRITERIA, key=lambda each: list(VOCABULARY).index(each.code))
    ]
    table = [
        "| code | cohort | ECGs | with | not assessable | sensitivity | specificity | PPV | F1 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    table += [
        f"| `{each.code}` | {each.cohort} | {each.n} | {each.n_positive} | "
        f"{each.n_not_assessable} | {_cell(each.sensitivity)} "
        f"({each.sensitivity_with_borderline:.2f}) | {_cell(each.specificity)} | "
        f"{_cell(each.ppv)} | {_cell(each.f1)} |"
        for each in sorted(scores, key=lambda one: list(VOCABULARY).index(one.code))
    ]
    nine = [
        "The nine words of CPSC 2018 (RBBB also of a narrow rSr′; a word on ST also if borderline, "
        "and alone; Normal if none of the others is said):",
        "",
        "| word | with | F1 | wrong: + said, − not said |",
        "| --- | --- | --- | --- |",
        *words[:-1],
        "",
        f"{words[-1][:1].upper()}{words[-1][1:]}.",
    ]
    speed = ", ".join(f"{cohort} {value:.1f}" for cohort, value in ms.items())
    said = [
        *table,
        "",
        *nine,
        "",
        "ECGs coded normal that have an abnormal statement: " + "; ".join(normal) + ".",
        "",
        f"Time of `interpret` once an ECG is measured, ms of processor time: {speed}.",
    ]
    parts = {"rules": rules, "criteria": "\n".join(criteria), "scores": "\n".join(said)}
    text = page.read_text(encoding="utf-8")
    for name, content in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}"
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of the cohorts")
    parser.add_argument("--cohorts", nargs="*", default=COHORTS)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--misses", nargs="*", default=[])
    parser.add_argument("--normal", action="store_true")
    parser.add_argument("--codes", nargs="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path, help="a page with the marks of docs/interpretation.md")
    arguments = parser.parse_args()
    scores: list[Score] = []
    words: list[str] = []
    normal: list[str] = []
    speed: dict[str, float] = {}
    for cohort in arguments.cohorts:
        cases = read_cases(arguments.data, cohort, arguments.cache)
        read, ms = read_all(cases)
        speed[cohort] = ms
        print(f"{cohort}: {len(cases)} ECGs, interpret {ms:.1f} ms an ECG")
        codes = arguments.codes or sorted(JUDGED[cohort] & set(read[0]))
        of_cohort = [score(cohort, code, cases, read) for code in codes]
        scores += [each for each in of_cohort if each.n_positive or arguments.codes]
        for code in arguments.misses:
            print_misses(code, cohort, cases, read)
        if arguments.normal or arguments.docs:
            counts = print_normal(cases, read)
            normal += [f"{cohort} {said}" for said in counts]
        if cohort == "cpsc2018":
            words = score_words(cases, read)
            print("\n".join(words))
    print_scores(scores)
    if arguments.docs:
        write_docs(arguments.docs, scores, words, normal, speed)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in scores], indent=1))


if __name__ == "__main__":
    main()
