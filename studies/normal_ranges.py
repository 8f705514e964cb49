"""How often normal ECGs lie outside the normal ranges: ``python -m studies.normal_ranges DATA``.

The ECGs of PTB-XL with no other diagnostic superclass than NORM, of people whose age and sex are
known. Limits taken from the 2nd and 98th percentile of a like population would leave 4 % outside.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rich.progress import track

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.ptb_xl import read_ptb_xl
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.physiology.normal_ranges import NormalRange, deviation, normal_range

__all__ = ["is_normal", "sides_of", "table_of"]


def is_normal(listed: CohortRecord) -> bool:
    """Tell whether NORM is the only diagnostic superclass, and age and sex are known."""
    classes = listed.labels.get("superclass", {})
    called = [name for name, value in classes.items() if value == 1]
    return called == ["NORM"] and listed.age_years >= 0 and listed.sex is not None


def sides_of(records: Iterable[CohortRecord]) -> pd.DataFrame:
    """Measure ECGs and hold each measurement against its range.

    Parameters
    ----------
    records : iterable of CohortRecord

    Returns
    -------
    DataFrame
        One row an ECG and measurement with a range: ``name``, ``sex``, ``text``, ``side``.
    """
    rows = []
    for listed in records:
        for name, value in measure(listed.read()).scalars().items():
            limits = normal_range(name, age_years=listed.age_years, sex=listed.sex)
            if isinstance(limits, NormalRange):
                side = deviation(value, limits).side
                rows.append({"name": name, "sex": listed.sex, "text": limits.text, "side": side})
    return pd.DataFrame(rows)


def table_of(sides: pd.DataFrame) -> str:
    """Write the shares below and above as a Markdown table."""
    lines = [
        "| | sex | range | ECGs | below % | above % |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (name, sex, text), of_group in sides.groupby(["name", "sex", "text"], sort=False):
        known = of_group[of_group["side"] != "not measurable"]["side"]
        below, above = (100 * (known == side).mean() for side in ("below", "above"))
        label = MEASUREMENTS[str(name)].label
        lines.append(f"| {label} | {sex} | {text} | {len(known)} | {below:.0f} | {above:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the normal ECGs of PTB-XL and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds ptb-xl")
    listed = read_ptb_xl(parser.parse_args().data / "ptb-xl").records
    print(table_of(sides_of(track([one for one in listed if is_normal(one)], "Measuring"))))


if __name__ == "__main__":
    main()
