"""How much memory reading an upload takes, as a multiple of the upload.

``python -m benchmarks.reading_memory --mib 8``: each format in a process of its own, the growth of
its largest resident set over what it held with the libraries loaded and the upload in memory.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from physioclr.io import ArrayLayout, ReadLimits, read_ecg
from physioclr.leads import STANDARD_LEADS

LIMITS = ReadLimits(samples=2**30, unpacked_bytes=2**31, json_bytes=2**26)
ONE = ArrayLayout(fs_hz=500, unit="uV", leads=("II",), orientation="samples_first")
NAMED = ArrayLayout(fs_hz=500, unit="uV")
LEADS_FIRST = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="leads_first")
Upload = tuple[dict[str, bytes], ArrayLayout | None]


def _units(n_samples: int, n_leads: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(-900, 900, (n_leads, max(n_samples, 200)))


def _wfdb(n_bytes: int, storage: str, bytes_per_sample: float) -> Upload:
    frames = max(200, int(n_bytes / bytes_per_sample / 12) // 6 * 6)
    lines = [
        f"a 12 500 {frames}",
        *(f"a.dat {storage} 200/mV 12 0 0 0 0 {n}" for n in STANDARD_LEADS),
    ]
    content = np.random.default_rng(0).integers(
        0, 255, int(frames * 12 * bytes_per_sample), np.uint8
    )
    return {"a.hea": "\n".join(lines).encode(), "a.dat": content.tobytes()}, None


def _csv(n_bytes: int, n_columns: int) -> Upload:
    if n_columns == 1:
        return {"a.csv": b"1\n0\n" * (n_bytes // 4)}, ONE
    units = _units(n_bytes // 60)
    rows = "\n".join(",".join(map(str, row)) for row in units.T)
    return {"a.csv": (",".join(STANDARD_LEADS) + "\n" + rows).encode()}, NAMED


def _aecg(n_bytes: int, n_leads: int) -> Upload:
    units = _units(n_bytes // 5 // n_leads, n_leads)
    sequences = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}"/><value><origin value="0" '
        f'unit="uV"/><scale value="1" unit="uV"/><digits>{" ".join(map(str, row))}</digits></value>'
        "</sequence></component>"
        for lead, row in zip(STANDARD_LEADS, units, strict=False)
    )
    time_axis = (
        '<component><sequence><code code="TIME_RELATIVE"/><value><head value="0" unit="s"/>'
        '<increment value="0.002" unit="s"/></value></sequence></component>'
    )
    return {
        "a.xml": f'<AnnotatedECG><component><series><code code="RHYTHM"/><component><sequenceSet>'
        f"{time_axis}{sequences}</sequenceSet></component></series></component></AnnotatedECG>".encode()
    }, None


def _muse(n_bytes: int) -> Upload:
    units = _units(int(n_bytes * 0.75 / 2 / 8), 8)
    leads = "".join(
        f"<LeadData><LeadAmplitudeUnitsPerBit>1</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>"
        f"MICROVOLTS</LeadAmplitudeUnits><LeadID>{lead}</LeadID><WaveFormData>"
        f"{base64.b64encode(row.astype('<i2').tobytes()).decode()}</WaveFormData></LeadData>"
        for lead, row in zip(("I", "II", *STANDARD_LEADS[6:]), units, strict=True)
    )
    return {
        "a.xml": f"<RestingECG><Waveform><WaveformType>Rhythm</WaveformType><SampleBase>500"
        f"</SampleBase>{leads}</Waveform></RestingECG>".encode()
    }, None


def _npy(n_bytes: int, dtype: str) -> Upload:
    file = io.BytesIO()
    np.save(file, _units(n_bytes // 12 // np.dtype(dtype).itemsize).astype(dtype))
    return {"a.npy": file.getvalue()}, LEADS_FIRST


def _kardia(n_bytes: int) -> Upload:
    samples = {"leadI": _units(n_bytes // 6, 1)[0].tolist()}
    raw = {"frequency": 300, "amplitudeResolution": 500, "samples": samples}
    return {"a.json": json.dumps({"data": {"raw": raw}}).encode()}, None


def _edf(n_bytes: int) -> Upload:
    n = max(500, n_bytes // 2 // 12 // 500 * 500)
    pads = ((80, "X"), (80, "X"), (8, "01.01.20"), (8, "00.00.00"), (8, 256 * 13), (44, ""))
    head = "0".ljust(8) + "".join(str(value).ljust(width) for width, value in pads)
    head += str(n // 500).ljust(8) + "1".ljust(8) + "12".ljust(4)
    head += "".join(name.ljust(16) for name in STANDARD_LEADS) + " " * 80 * 12 + "uV".ljust(8) * 12
    head += "".join(str(b).ljust(8) * 12 for b in (-32768, 32767, -32768, 32767))
    head += " " * 80 * 12 + "500".ljust(8) * 12 + " " * 32 * 12
    return {"a.edf": head.encode() + _units(n).astype("<i2").tobytes()}, None


def _gzip(n_bytes: int) -> Upload:
    files, layout = _csv(n_bytes * 3, 12)
    return {"a.csv.gz": gzip.compress(files["a.csv"], 6)}, layout


UPLOADS: dict[str, Callable[[int], Upload]] = {
    "WFDB 16": lambda n: _wfdb(n, "16", 2),
    "WFDB 212": lambda n: _wfdb(n, "212", 1.5),
    "WFDB 80": lambda n: _wfdb(n, "80", 1),
    "EDF": _edf,
    "CSV, 12 columns": lambda n: _csv(n, 12),
    "CSV, 1 column of 0 and 1": lambda n: _csv(n, 1),
    "CSV, 12 columns, gzip (of what comes out)": _gzip,
    "HL7 aECG, 12 leads": lambda n: _aecg(n, 12),
    "HL7 aECG, 1 lead": lambda n: _aecg(n, 1),
    "GE MUSE XML": _muse,
    "NPY float32": lambda n: _npy(n, "<f4"),
    "NPY int16": lambda n: _npy(n, "<i2"),
    "Kardia JSON": _kardia,
}


def _peak_mib(read: Callable[[], object]) -> float:
    """Return the growth of the resident set while something is done, looked at often."""
    status = Path("/proc/self/statm")
    page = resource.getpagesize()

    def resident() -> int:
        return int(status.read_text().split()[1]) * page

    before, most, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            most[0] = max(most[0], resident())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        read()
    finally:
        done.set()
        watcher.join()
    return (most[0] - before) / 2**20


def _one(kind: str, mib: float) -> None:
    small, layout = UPLOADS[kind](20_000)
    read_ecg(small, layout=layout, limits=LIMITS)
    files, layout = UPLOADS[kind](int(mib * 2**20))
    held = sum(map(len, files.values()))
    if "gzip" in kind:
        held = len(gzip.decompress(next(iter(files.values()))))
    started = time.perf_counter()
    grown = _peak_mib(lambda: read_ecg(files, layout=layout, limits=LIMITS))
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"| {kind} | {held / 2**20:.1f} | {grown:.0f} | {grown / (held / 2**20):.1f} | "
        f"{seconds:.2f} |\n"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=float, default=8.0)
    parser.add_argument("--kind", choices=list(UPLOADS))
    arguments = parser.parse_args()
    if arguments.kind:
        _one(arguments.kind, arguments.mib)
        return
    sys.stdout.write(
        "| upload | MiB | grown, MiB | times the upload | s |\n| --- | --- | --- | --- | --- |\n"
    )
    sys.stdout.flush()
    for kind in UPLOADS:
        command = [sys.executable, "-m", "benchmarks.reading_memory", "--mib", str(arguments.mib)]
        subprocess.run([*command, "--kind", kind], check=False)


if __name__ == "__main__":
    main()
