"""The axis of QRS: on deflections of known direction, and on ECGs whose axis others state."""

import math

import numpy as np
import pytest

from benchmarks.muse_agreement import read_chapman
from physioclr.io import read_ecg
from physioclr.leads import LIMB_LEADS
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record, with_leads

# Directions of the limb leads, and the length of each (see test_axis).
DIRECTIONS = {
    "I": (0, 1.0),
    "II": (60, 1.0),
    "III": (120, 1.0),
    "aVR": (-150, math.sqrt(3) / 2),
    "aVL": (-30, math.sqrt(3) / 2),
    "aVF": (90, math.sqrt(3) / 2),
}


def apart(one_deg, other_deg):
    return abs((one_deg - other_deg + 180) % 360 - 180)


def heart(axis_deg, *, late=None, v1_late_mv=0.0, fs_hz=500.0):
    """Beats whose QRS points to `axis_deg`; `late` = (axis, mV) follows 110 ms after its onset."""
    record = synthetic_record(fs_hz=fs_hz)
    time_s = np.arange(record.n_samples) / record.fs_hz
    beats_s = np.arange(0.4, 9.5, 0.8)

    def wave(after_s, width_s):
        since_s = time_s[None, :] - beats_s[:, None] - after_s
        return np.exp(-0.5 * (since_s / width_s) ** 2).sum(axis=0)

    rest = wave(-0.16, 0.02) * 0.1 + wave(0.27, 0.04) * 0.25
    early, after = wave(0.0, 0.014), wave(0.085, 0.016)
    signal_mv = record.signal_mv.astype(np.float64)
    for row, lead in enumerate(record.leads):
        if lead in DIRECTIONS:
            towards, length = DIRECTIONS[lead]
            share = length * math.cos(math.radians(axis_deg - towards))
            signal_mv[row] = share * early + length * rest
            if late is not None:
                late_deg, late_mv = late
                signal_mv[row] += (
                    late_mv * length * math.cos(math.radians(late_deg - towards)) * after
                )
        elif lead == "V1":
            signal_mv[row] = 0.3 * early - 0.05 * rest + v1_late_mv * after
        else:
            signal_mv[row] = early + rest + (abs(v1_late_mv) / 2) * after
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id)


@pytest.mark.parametrize("axis_deg", [-150, -60, -30, 0, 45, 90, 135])
@pytest.mark.parametrize("fs_hz", [100, 500, 1000])
def test_the_direction_of_qrs_is_found(axis_deg, fs_hz):
    # 3°: the onset lies on the foot of a wave whose tail is left out
    assert apart(measure(heart(axis_deg, fs_hz=fs_hz)).axis_deg, axis_deg) < 3


@pytest.mark.parametrize("leads", [("I", "II"), ("III", "aVR"), LIMB_LEADS])
def test_any_two_limb_leads_tell_it(leads):
    assert apart(measure(with_leads(heart(-40), leads)).axis_deg, -40) < 3


def test_one_limb_lead_does_not():
    measured = measure(with_leads(heart(-40), ("II", "V1", "V5")))
    assert math.isnan(measured.axis_deg)
    assert "fewer than two limb leads" in measured.reasons["axis_deg"]


def test_late_right_ventricular_forces_do_not_turn_it():
    block = heart(-60, late=(170.0, 0.7), v1_late_mv=0.8)
    measured = measure(block)
    assert measured.qrs_ms > 110
    # 20°: the late wave begins within the first 80 ms
    assert apart(measured.axis_deg, -60) < 20
    limbs = measure(with_leads(block, LIMB_LEADS)).axis_deg
    assert apart(limbs, -60) < 20


def test_late_forces_of_the_left_ventricle_count():
    block = heart(20, late=(-50.0, 0.8), v1_late_mv=-0.8)
    assert -45 < measure(block).axis_deg < 5


# PTB-XL's heart_axis codes or reports; the net area of the whole QRS gave −128, −94 and −126°.
# 269 and 424 are coded LAD (left axis deviation, −30 to −90°), 428 is read "right superior axis".
# 464 is coded RAD: its areas cancel (28°), its R in aVF is 0.6 mV against 0.1 mV in I. 286 has
# left bundle branch block and LAD: the first 80 ms alone would give +18°.
@needs_shared_data
@pytest.mark.parametrize(
    ("ecg_id", "low_deg", "high_deg"),
    [
        (269, -90, -30),
        (424, -95, -30),
        (428, -180, -90),
        (464, 75, 120),
        (286, -90, -10),
        (32, 90, 130),
    ],
)
def test_axes_that_cardiologists_coded(ecg_id, low_deg, high_deg):
    path = SHARED_DATA / "ptb-xl" / f"records500/00000/{ecg_id:05}_hr.hea"
    assert low_deg <= measure(read_ecg(path)).axis_deg <= high_deg


@needs_shared_data
def test_ratchet_against_ge_muse():
    found = read_chapman(SHARED_DATA / "chapman")
    off = [apart(measure(record).axis_deg, float(muse["RAxis"])) for record, muse in found]
    assert max(off) < 20  # 14.8 when this was written; the issue asks for 30
