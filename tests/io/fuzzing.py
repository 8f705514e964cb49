"""Files of every format with fields, archives and encodings that no writer meant.

``python -m tests.io.fuzzing --minutes 10`` (``make fuzz``) reads as many as fit into the time and
says how many were read, refused in one sentence, or ended in another error; `test_fuzzing` does it
for seconds.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import resource
import struct
import sys
import time
import traceback
import zipfile
from collections import Counter

import h5py
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from physioclr.errors import PhysioclrError
from physioclr.io import ArrayLayout, ReadLimits, group_files, is_undeclared, read_ecg
from physioclr.leads import STANDARD_LEADS
from tests.io import ecg_bytes
from tests.io.wfdb_bytes import wfdb_record

__all__ = ["LONGEST_S", "hostile_files", "outcome_of"]

LONGEST_S = 5.0
MOST_MEMORY_MIB = 1024
LIMITS = ReadLimits(
    seconds=LONGEST_S, samples=2**22, unpacked_bytes=2**26, any_ratio_bytes=2**24, json_bytes=2**22
)
UNITS = np.random.default_rng(0).integers(-900, 900, (12, 80))


def _table(separator=",", decimal="."):
    rows = [
        separator.join(f"{value / 8}".replace(".", decimal) for value in row) for row in UNITS.T
    ]
    return ("\n".join([separator.join(STANDARD_LEADS), *rows]) + "\n").encode()


def _npy(units=UNITS):
    file = io.BytesIO()
    np.save(file, units)
    return file.getvalue()


def _hdf5():
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        content.create_dataset("ecg", data=UNITS, chunks=(12, 20), compression="gzip")
    return file.getvalue()


def _segments():
    header = b"rec/3 12 500 200\none 80\n~ 40\ntwo 80\n"
    return {"rec.hea": header, **wfdb_record(UNITS, name="one"), **wfdb_record(UNITS, name="two")}


def _kardia():
    raw = {"frequency": 300, "amplitudeResolution": 500, "samples": {"leadI": UNITS[0].tolist()}}
    return json.dumps({"recordedAt": "2021", "data": {"raw": raw}}).encode()


def _apple():
    head = 'Name,X\nSample Rate,512 hertz\nDevice,"Watch6,1"\n\nLead,Lead I\nUnit,µV\n\n'
    return (head + "".join(f"{value}\n" for value in UNITS[0])).encode()


SEEDS = {
    **{
        name: {"a.ecg": writer(UNITS[[0, 1, *range(6, 12)]], ecg_bytes.LEADS_OF_8)}
        for name, writer in ecg_bytes.WRITERS.items()
    },
    "WFDB": wfdb_record(UNITS, comments=("Age: 60", "Sex: M", "Dx: 1,2")),
    "WFDB segments": _segments(),
    "CSV": {"a.csv": _table()},
    "CSV semicolon": {"a.csv": _table(";", ",")},
    "Apple": {"a.csv": _apple()},
    "JSON": {"a.json": _kardia()},
    "NPY": {"a.npy": _npy()},
    "HDF5": {"a.h5": _hdf5()},
}
TEXTS = ("HL7 aECG", "GE MUSE XML", "Philips XML", "WFDB", "WFDB segments", "CSV", "CSV semicolon")
TEXTS += ("Apple", "JSON", "EDF", "BDF")
NUMBERS = ["0", "-1", "1", "nan", "inf", "-inf", "1e999", "1e-320", "9" * 30, "", "1,5", "1,234"]
NUMBERS += [
    "x",
    " ",
    "0x10",
    "1_0",
    "+",
    "-",
    ".",
    "٣",
    "65536",
    "4294967295",
    "1e400",
    "--1",
    "12 12",
]
ENCODINGS = [
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "gb18030",
    "shift_jis",
    "big5",
    "latin-1",
]
EXTREMES = [0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1]
LAYOUTS = [
    None,
    ArrayLayout(fs_hz=500, unit="uV"),
    ArrayLayout(fs_hz=500, unit="mV", leads=STANDARD_LEADS, orientation="leads_first"),
    ArrayLayout(
        fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first", decimal=","
    ),
]
_NUMBER = re.compile(rb"-?\d[\d.]{0,20}")


def _places(draw, content, pattern):
    """Return the place of a number in a text, near a random one."""
    at = draw(st.integers(0, max(0, len(content) - 1)))
    match = pattern.search(content, at) or pattern.search(content)
    return match.span() if match else (at, at)


def _mutated(draw, content, is_text):
    kinds = ["flip", "cut", "insert", "repeat", "integer", "zeros"]
    kinds += ["number", "number", "number", "line", "encode", "tag"] if is_text else ["integer"] * 3
    kind = draw(st.sampled_from(kinds))
    at = draw(st.integers(0, max(0, len(content) - 1)))
    if kind == "flip":
        return content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
    if kind == "cut":
        return content[:at] + content[at + draw(st.integers(1, 400)) :]
    if kind == "insert":
        return content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
    if kind == "repeat":
        part = content[at : at + draw(st.integers(1, 200))]
        return content[:at] + part * draw(st.integers(2, 300)) + content[at:]
    if kind == "zeros":
        return content[:at] + bytes(draw(st.integers(1, 5000))) + content[at:]
    if kind == "integer":
        width, order = (
            draw(st.sampled_from([(1, "B"), (2, "H"), (4, "I")])),
            draw(st.sampled_from("<>")),
        )
        early = draw(st.booleans())
        place = at % min(len(content), 600) if early else at
        value = draw(st.sampled_from(EXTREMES)) % (1 << (8 * width[0]))
        return content[:place] + struct.pack(order + width[1], value) + content[place + width[0] :]
    if kind == "number":
        start, end = _places(draw, content, _NUMBER)
        return content[:start] + draw(st.sampled_from(NUMBERS)).encode() + content[end:]
    if kind == "encode":
        return content.decode("latin-1").encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
    lines = content.split(b"\n" if kind == "line" else b"<")
    number = draw(st.integers(0, len(lines) - 1))
    lines[number : number + 1] = draw(st.sampled_from([[], [lines[number]] * 2, [b""], lines[:1]]))
    return (b"\n" if kind == "line" else b"<").join(lines)


def _packed(draw, files):
    kind = draw(st.sampled_from(["zip", "stored", "bzip2", "gzip", "nested", "false sizes"]))
    if kind == "gzip":
        return {"a.gz": gzip.compress(next(iter(files.values())), 1)}
    methods = {"stored": zipfile.ZIP_STORED, "bzip2": zipfile.ZIP_BZIP2}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", methods.get(kind, zipfile.ZIP_DEFLATED)) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
        if draw(st.booleans()):
            archive.writestr("zeros.dat", bytes(draw(st.sampled_from([10, 10**6, 10**7]))))
    packed = bytearray(content.getvalue())
    if kind == "nested":
        return (
            {"a.zip": bytes(packed)} if draw(st.booleans()) else {"a.gz": gzip.compress(packed, 1)}
        )
    if kind == "false sizes":
        for mark, place in ((b"PK\3\4", 18), (b"PK\1\2", 20)):
            at = packed.find(mark) + place + draw(st.sampled_from([0, 4]))
            struct.pack_into("<I", packed, at, draw(st.sampled_from(EXTREMES)))
    return {"a.zip": bytes(packed)}


@st.composite
def hostile_files(draw):
    """Draw the files of an ECG with one to four changes, and a layout."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    files = dict(SEEDS[name])
    for _ in range(draw(st.integers(1, 4))):
        target = draw(st.sampled_from(sorted(files)))
        is_text = name in TEXTS and not target.endswith(".dat")
        if files[target]:
            files[target] = _mutated(draw, files[target], is_text)
    if draw(st.integers(0, 4)) == 0:
        files = _packed(draw, files)
        if draw(st.booleans()):
            only = next(iter(files))
            files[only] = _mutated(draw, files[only], is_text=False)
    return name, files, draw(st.sampled_from(LAYOUTS))


def outcome_of(files, layout):
    """Read files as the app does; return ``"read"`` or ``"refused"``. Other errors pass."""
    for group in group_files(files):
        for content in group.values():
            is_undeclared(content)
    try:
        record = read_ecg(files, layout=layout, limits=LIMITS)
    except PhysioclrError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    assert np.isfinite(record.signal_mv).any()
    assert record.fs_hz >= 50
    return "read"


def main(minutes: float) -> int:
    """Fuzz for some minutes; return 1 if anything but a record or a refusal came out."""
    ends = time.monotonic() + 60 * minutes
    counts, slowest, failures = Counter(), (0.0, ""), []
    number = 0
    while time.monotonic() < ends:
        number += 1

        @seed(number)
        @settings(
            max_examples=500, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(hostile_files())
        def read_some(case):
            nonlocal slowest
            name, files, layout = case
            if time.monotonic() > ends:
                return
            started = time.perf_counter()
            try:
                counts[outcome_of(files, layout)] += 1
            except Exception:  # what is looked for
                counts["uncaught"] += 1
                failures.append((name, traceback.format_exc(limit=-4)))
            slowest = max(slowest, (time.perf_counter() - started, name))

        read_some()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{sum(counts.values()):,} files in {minutes:g} minutes: {counts['read']:,} read, "
        f"{counts['refused']:,} refused, {counts['uncaught']} uncaught; "
        f"slowest {slowest[0]:.2f} s ({slowest[1]}); peak {peak_mib:.0f} MiB\n"
    )
    for name, text in failures[:20]:
        sys.stdout.write(f"--- {name}\n{text}\n")
    return int(bool(failures) or slowest[0] > LONGEST_S or peak_mib > MOST_MEMORY_MIB)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    sys.exit(main(arguments.parse_args().minutes))
