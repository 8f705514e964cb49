"""WFDB records of several segments, as mimicdb, MIMIC-III and MIMIC-IV waveforms are laid out."""

from __future__ import annotations

import time

import numpy as np
import pytest
import wfdb

from physioclr.errors import RecordError
from physioclr.io import group_files, read_ecg
from physioclr.io.limits import ReadLimits

RATE = "62.4725/999.56"
ECG_RATE_HZ = 4 * 62.4725


def segment(name, n_frames, signals, seed=0):
    """Return the files of a segment; signals as (name, samples a frame, gain and unit)."""
    generator = np.random.default_rng(seed)
    lines = [f"{name} {len(signals)} {RATE} {n_frames}"]
    frames = []
    for lead, per_frame, gain in signals:
        units = generator.integers(-2000, 2000, n_frames * per_frame)
        lines.append(
            f"{name}.dat 16x{per_frame} {gain} 14 0 {units[0]} {units.sum() % 65536} 0 {lead}"
        )
        frames.append(units.reshape(n_frames, per_frame))
    content = np.concatenate(frames, axis=1).astype("<i2").tobytes()
    return {f"{name}.hea": "\n".join(lines).encode() + b"\n", f"{name}.dat": content}


ECG = [("II", 4, "200/mV"), ("V", 4, "200/mV"), ("ABP", 2, "16(800)/mmHg"), ("Resp", 1, "4093/Ohm")]
PULSE = [("Pleth", 2, "4096(0)/NU")]


@pytest.fixture
def record():
    header = f"all/5 4 {RATE} 230\nlayout 0\none 100\n~ 30\ntwo 40\nthree 60\n"
    layout = f"layout 4 {RATE} 0\n" + "".join(
        f"~ 0x{n} {gain} 14 0 0 0 0 {lead}\n" for lead, n, gain in ECG
    )
    return {
        "all.hea": header.encode(),
        "layout.hea": layout.encode(),
        **segment("one", 100, ECG),
        **segment("two", 40, PULSE),
        **segment("three", 60, ECG[:1], seed=1),
    }


def test_leads_are_joined_at_their_own_rate_and_a_pulse_wave_alone_is_a_gap(record):
    found = read_ecg(record)
    assert found.fs_hz == pytest.approx(ECG_RATE_HZ)
    assert found.n_samples == 4 * 230
    assert found.leads == ("II", "V")
    assert np.isfinite(found.signal_mv[0, :400]).all()
    assert np.isnan(found.signal_mv[0, 400:680]).all()
    assert np.isfinite(found.signal_mv[0, 680:]).all()
    assert np.isnan(found.signal_mv[1, 400:]).all()
    assert {"ABP", "Resp", "Pleth"} <= set(found.meta["left_out"])
    assert "NU" in found.meta["left_out"]["Pleth"]


def test_each_segment_holds_what_the_wfdb_library_reads_of_it(record, tmp_path):
    for name, content in record.items():
        (tmp_path / name).write_bytes(content)
    found = read_ecg(tmp_path / "all.hea")
    for name, start in (("one", 0), ("three", 680)):
        expected = wfdb.rdrecord(str(tmp_path / name), smooth_frames=False).e_p_signal[0]
        np.testing.assert_allclose(
            found.signal_mv[0, start : start + len(expected)], expected, rtol=2**-23
        )


def test_its_files_are_one_upload_beside_others(record):
    other = segment("alone", 50, ECG)
    groups = group_files({**record, **other, "note.csv": b"1,2\n3,4\n"})
    assert sorted(map(len, groups)) == [1, 2, 8]
    whole = next(group for group in groups if "all.hea" in group)
    assert read_ecg(whole).n_samples == 920


def test_a_segment_named_60_000_times_is_read_once_and_refused_in_no_time(record):
    many = f"all/60000 4 {RATE} 6000000\n" + "one 100\n" * 60_000
    started = time.perf_counter()
    with pytest.raises(RecordError, match="at most 10,000,000 samples"):
        read_ecg({**record, "all.hea": many.encode()}, limits=ReadLimits(samples=10_000_000))
    assert time.perf_counter() - started < 5  # it was endless; about 0.2 s
    few = f"all/600 4 {RATE} 60000\n" + "one 100\n" * 600
    assert read_ecg({**record, "all.hea": few.encode()}).n_samples == 240_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"one.hea": None}, "its segment one.hea beside it"),
        ({"one.hea": b"all/1 4 250 4\none 100\n"}, "found 2 headers"),
        ({"all.hea": f"all/1 4 {RATE} 90\none 90\n".encode()}, "expected 90 samples"),
        ({"all.hea": b"all/1 4 100 100\none 100\n"}, "at 100 Hz"),
        ({"all.hea": f"all/1 1 {RATE} 40\ntwo 40\n".encode()}, "found only NU"),
        ({"all.hea": f"all/1 1 {RATE} 40\n~ 40\n".encode()}, "mV, µV or V, found none"),
        ({"all.hea": f"all/1 1 {RATE} 40\ntwo\n".encode()}, "a name and a length"),
    ],
)
def test_segments_that_do_not_fit_are_refused_in_one_sentence(record, change, message):
    files = {name: change.get(name, content) for name, content in record.items()}
    with pytest.raises(RecordError, match=message):
        read_ecg({name: content for name, content in files.items() if content is not None})


def test_a_lead_twice_in_a_segment_is_refused(record):
    twice = segment("one", 100, [ECG[0], ECG[0]])
    with pytest.raises(RecordError, match="lead II twice"):
        read_ecg({**record, **twice})
