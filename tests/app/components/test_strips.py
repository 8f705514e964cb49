"""A strip of an ECG has the scale of its paper."""

import base64
import re

import numpy as np
import pytest

from app.components.palette import LIGHT
from app.components.strips import ecg_strip


def test_a_strip_has_the_scale_of_ecg_paper(good_record):
    drawing = ecg_strip(good_record, ["II"], LIGHT)
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", drawing)[1]).decode()
    path = re.findall(r'<path d="([^"]+)" fill="none"', svg)[0]
    xy = np.array(re.findall(r"[ML]([\d.]+) ([\d.-]+)", path), dtype=float)
    # 10 s at 25 mm/s; keep_peaks leaves bins of up to 8 ms.
    assert np.ptp(xy[:, 0]) == pytest.approx(250, abs=0.4)
    lead = good_record.lead_mv("II")
    assert np.ptp(xy[:, 1]) == pytest.approx(10 * np.ptp(lead), abs=0.02)  # two decimals of a mm
