"""Six real records with their fiducials on ECG paper, to be looked at.

``python -m benchmarks.fiducial_figure DATA OUT.png`` draws leads II and V1 of records of LUDB and
PTB-XL, 25 mm/s and 10 mm/mV. The figure shows patients' data: keep it out of the repository.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import wfdb
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from benchmarks.delineation import FOLDS
from physioclr.leads import canonical_lead
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.signal.filtering import remove_baseline
from physioclr.signal.wave_network import SHIPPED_WEIGHTS, load_wave_network
from studies.references.ludb import fold_of_record, read_ludb

_LEADS = ("II", "V1")
_SECONDS = 8.0
_MM_PER_S, _MM_PER_MV = 25.0, 10.0
_MV = (-1.5, 1.5)
_COLOURS = {"p": "#2a7f3f", "qrs": "#1f4e9c", "t": "#b3541e"}
_LUDB = ("ludb-1", "ludb-121", "ludb-45")
# What PTB-XL's cardiologists said of the others; the first record that has it.
_PTB_XL = ("AFIB", "CLBBB", "PVC")


def read_examples(data: Path) -> list[tuple[EcgRecord, str, Path]]:
    """Read six records, what they are, and the weights that never saw them marked."""
    chosen = []
    for item in read_ludb(data / "ludb"):
        name = item.record.record_id
        if name in _LUDB:
            chosen.append((item.record, name, FOLDS / f"fold-{fold_of_record(name)}.safetensors"))
    table = pd.read_csv(data / "ptb-xl" / "ptbxl_database.csv", index_col="ecg_id")
    for code in _PTB_XL:
        ecg_id, path = next(
            iter(table[table.scp_codes.str.contains(f"'{code}'")].filename_hr.items())
        )
        raw = wfdb.rdrecord(str(data / "ptb-xl" / path))
        leads = tuple(canonical_lead(lead) for lead in raw.sig_name)
        record = EcgRecord(raw.p_signal.T, raw.fs, leads, f"ptb-xl-{ecg_id}")
        chosen.append((record, f"ptb-xl-{ecg_id}, {code}", SHIPPED_WEIGHTS))
    return chosen


def draw(axes: Axes, record: EcgRecord, lead: str, title: str, weights: Path) -> None:
    """Draw one lead with its P, QRS and T shaded and its peaks marked."""
    table = delineate(record, network=load_wave_network(weights))[lead] / record.fs_hz
    lead_mv = remove_baseline(record.lead_mv(lead), record.fs_hz)
    lead_mv -= np.median(lead_mv)
    axes.plot(np.arange(record.n_samples) / record.fs_hz, lead_mv, color="black", lw=0.7)
    for wave, colour in _COLOURS.items():
        peak = "r_peak" if wave == "qrs" else f"{wave}_peak"
        for on_s, peak_s, off_s in table[[f"{wave}_on", peak, f"{wave}_off"]].to_numpy():
            axes.axvspan(on_s, off_s, color=colour, alpha=0.25, lw=0)
            axes.axvline(peak_s, color=colour, lw=0.5)
    axes.set(xlim=(0, _SECONDS), ylim=_MV, xticklabels=[], yticklabels=[])
    for axis, small in ((axes.xaxis, 0.04), (axes.yaxis, 0.1)):
        axis.set_minor_locator(MultipleLocator(small))
        axis.set_major_locator(MultipleLocator(5 * small))
    axes.grid(which="minor", color="#f5c6c6", lw=0.25)
    axes.grid(which="major", color="#e79a9a", lw=0.5)
    axes.tick_params(which="both", length=0)
    axes.set_title(f"{title} · lead {lead}", fontsize=7, loc="left", pad=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds ludb/ and ptb-xl/")
    parser.add_argument("out", type=Path, help="the figure, .png or .pdf")
    arguments = parser.parse_args()
    mpl.use("Agg")
    examples = read_examples(arguments.data)
    inch = 25.4
    size = (_SECONDS * _MM_PER_S / inch, len(examples) * 2 * (_MV[1] - _MV[0]) * _MM_PER_MV / inch)
    figure, rows = plt.subplots(2 * len(examples), 1, figsize=(size[0], size[1] * 1.15))
    for index, (record, title, weights) in enumerate(examples):
        for lead, axes in zip(_LEADS, rows[2 * index : 2 * index + 2], strict=True):
            draw(axes, record, lead, title, weights)
    figure.subplots_adjust(0, 0.005, 1, 0.99, hspace=0.15)
    figure.savefig(arguments.out, dpi=110)


if __name__ == "__main__":
    main()
