"""A prepare killed at random moments and started again: ``python -m benchmarks.kills --kills 40``.

Each run of a simulated cohort is killed (SIGKILL) at a random moment and begun again until it ends
by itself; the store must be that of a run in one go, and nothing half-written may lie beside it.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from physioclr.datasets.prepare import prepare_cohort
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store import Store

N_ECGS = 60
RECORDS_PER_SHARD = 8
_CODE = (
    "import sys; from pathlib import Path; from benchmarks.kills import prepared; "
    "prepared(Path(sys.argv[1]))"
)


def prepared(out: Path) -> None:
    """Prepare the cohort into a folder, or finish what lies there."""
    prepare_cohort(
        find_cohort(f"simulated:{N_ECGS}"), out, fs_hz=500, duration_s=10, workers=1,
        physiology=False, records_per_shard=RECORDS_PER_SHARD,
    )  # fmt: skip


def main() -> int:
    """Kill, begin again, compare; return 1 if a store differs or something is left over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    done = ended = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        started = time.monotonic()
        prepared(whole)
        longest_s = time.monotonic() - started + 3
        expected = Store(whole).fingerprint
        while done < arguments.kills:
            out = Path(folder) / f"store-{ended}"
            process = subprocess.Popen([sys.executable, "-c", _CODE, str(out)])
            try:
                process.wait(moments.uniform(0.2, longest_s))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                done += 1
                continue
            ended += 1
            wrong += process.returncode != 0 or Store(out).fingerprint != expected
        if out.with_name(f"{out.name}.partial").exists() or not out.exists():
            prepared(out)
            ended += 1
            wrong += Store(out).fingerprint != expected
        left = sorted(p.name for p in Path(folder).iterdir() if not (p / "store.json").exists())
    sys.stdout.write(
        f"{done} kills, {ended} stores in the end, {wrong} that differ; "
        f"left over: {left or 'none'}\n"
    )
    return int(bool(wrong or left))


if __name__ == "__main__":
    sys.exit(main())
