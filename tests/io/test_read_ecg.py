from __future__ import annotations

import numpy as np
import pytest
import wfdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.leads import LIMB_LEADS, STANDARD_LEADS
from tests.io.wfdb_bytes import wfdb_record

UNITS = np.random.default_rng(0).integers(-900, 900, size=(12, 300))


@pytest.fixture
def files():
    return wfdb_record(UNITS)


@pytest.fixture
def folder(files, tmp_path):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def replaced(files, old, new, count=-1):
    return {**files, "rec.hea": files["rec.hea"].replace(old, new, count)}


@pytest.mark.parametrize("given", ["rec.hea", "rec.dat", "rec"])
def test_a_path_may_be_the_header_the_signal_file_or_the_stem(folder, given):
    for source in (folder / given, str(folder / given)):
        record = read_ecg(source)
        # float32 holds a thousandth of an integer below 2^15 to 1 part in 2^24.
        np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)
        assert record.record_id == "rec"
        assert record.meta["source"] == "rec.hea"
        assert record.meta["format"] == "WFDB"


def test_uploads_in_memory_give_what_the_files_give(folder, files):
    upload, file = read_ecg(files), read_ecg(folder / "rec.hea")
    np.testing.assert_array_equal(upload.signal_mv, file.signal_mv)
    assert dict(upload.meta) == dict(file.meta)


def test_folders_in_uploaded_names_are_dropped_and_nothing_is_written_there(files, tmp_path):
    outside = {f"../../{tmp_path.name}/{name}": content for name, content in files.items()}
    assert read_ecg(outside).n_leads == 12
    windows = {f"C:\\ecgs\\{name}": content for name, content in files.items()}
    assert read_ecg(windows).n_leads == 12
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inside", ["../rec.dat", "/etc/passwd", "..", "a/rec.dat"])
def test_a_header_cannot_reach_files_elsewhere(folder, files, inside):
    bad = replaced(files, b"rec.dat", inside.encode())
    (folder / "inner").mkdir()
    (folder / "inner" / "rec.hea").write_bytes(bad["rec.hea"])
    for source in (bad, folder / "inner" / "rec.hea"):
        with pytest.raises(RecordError, match="signal file"):
            read_ecg(source)


@pytest.mark.parametrize(
    ("gain", "mv_per_unit"),
    [
        ("1000(0)/mV", 1e-3),
        ("1000/mv", 1e-3),
        ("1(0)/uV", 1e-3),
        ("1/µV", 1e-3),
        ("1000000/V", 1e-3),
        ("200", 1 / 200),
        ("4.88e2(0)/mV", 1 / 488),
    ],
)
def test_units_become_millivolts(gain, mv_per_unit):
    record = read_ecg(wfdb_record(UNITS, gain=gain))
    # Relative: one rounding to float32, 2^-24.
    np.testing.assert_allclose(record.signal_mv, UNITS * mv_per_unit, rtol=2**-23)


def test_the_baseline_is_zero_volts():
    record = read_ecg(wfdb_record(UNITS, gain="1000(24)/mV"))
    np.testing.assert_allclose(record.signal_mv, (UNITS - 24) / 1000, atol=1e-6)  # float32


@pytest.mark.parametrize("units", ["mmHg", "NU", "degC"])
def test_a_channel_that_is_no_voltage_is_left_out_with_the_reason(units):
    names = ("I", "II", "art")
    files = wfdb_record(UNITS[:3], leads=names)
    lines = files["rec.hea"].decode().splitlines()
    lines[3] = lines[3].replace("/mV", f"/{units}")
    record = read_ecg({**files, "rec.hea": "\n".join(lines).encode()})
    assert "art" not in record.leads
    assert units in record.meta["left_out"]["art"]


@pytest.mark.parametrize("units", ["NU", "mmHg"])
def test_a_record_without_a_voltage_is_refused(files, units):
    with pytest.raises(RecordError, match=f"mV, µV or V, found only {units}"):
        read_ecg(replaced(files, b"/mV", f"/{units}".encode()))


def test_no_gain_is_the_formats_default_and_said_so():
    record = read_ecg(wfdb_record(UNITS, gain="0"))
    np.testing.assert_allclose(record.signal_mv, UNITS / 200, rtol=2**-23)  # one rounding
    assert "200 units" in record.meta["warnings"][0]


def test_any_lead_order_becomes_the_products():
    order = np.random.default_rng(1).permutation(12)
    leads = [STANDARD_LEADS[i].lower() for i in order]
    record = read_ecg(wfdb_record(UNITS[order], leads=leads))
    assert record.leads == STANDARD_LEADS
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)  # float32


def test_missing_limb_leads_are_derived_and_named():
    record = read_ecg(wfdb_record(UNITS[[1, 0, 6]], leads=("II", "I", "V1")))
    assert record.leads == (*LIMB_LEADS, "V1")
    assert set(record.meta["derived_leads"]) == {"III", "aVR", "aVL", "aVF"}
    np.testing.assert_allclose(
        record.lead_mv("aVR"),
        -(UNITS[0] + UNITS[1]) / 2000,
        atol=1e-6,  # float32
    )


def test_nothing_is_derived_from_one_limb_lead():
    assert read_ecg(wfdb_record(UNITS[:2], leads=("MLII", "V5"))).leads == ("II", "V5")


@pytest.mark.parametrize(("fs", "fs_hz"), [("360", 360.0), ("257.5", 257.5), ("500/250(0)", 500.0)])
def test_any_sampling_rate_is_read(fs, fs_hz):
    assert read_ecg(wfdb_record(UNITS, fs=fs)).fs_hz == fs_hz


def test_the_formats_mark_for_no_sample_becomes_nan():
    units = UNITS.copy()
    units[3, 100:150] = -32768
    record = read_ecg(wfdb_record(units))
    assert np.isnan(record.signal_mv[3, 100:150]).all()
    assert np.isnan(record.signal_mv).sum() == 50


def test_a_record_without_a_valid_sample_is_refused():
    with pytest.raises(RecordError, match="at least one valid sample"):
        read_ecg(wfdb_record(np.full((12, 300), -32768)))


def test_a_flat_lead_and_a_short_record_are_read():
    units = UNITS[:, :50].copy()
    units[2] = 0
    record = read_ecg(wfdb_record(units))
    assert record.n_samples == 50
    assert not record.signal_mv[2].any()


def test_the_length_follows_from_the_file_where_the_header_is_silent(files):
    assert read_ecg(replaced(files, b"500 300", b"500")).n_samples == 300


def test_comments_give_age_sex_and_codes_and_nothing_else():
    comments = ("Age: 71", "Sex: Female", "Dx: 426783006,55930002", "Name: Jane Roe", "ID: 77123")
    meta = dict(read_ecg(wfdb_record(UNITS, comments=comments)).meta)
    assert meta["age_years"] == 71.0
    assert meta["sex"] == "female"
    assert meta["diagnosis_codes"] == ("426783006", "55930002")
    assert not any(word in repr(meta) for word in ("Jane", "77123"))


def test_a_code_with_a_hyphen_is_a_code():
    # The first-degree block of CPSC 2018, as the Challenge 2020 first gave it.
    meta = read_ecg(wfdb_record(UNITS, comments=("Dx: I-AVB,AF",))).meta
    assert meta["diagnosis_codes"] == ("I-AVB", "AF")


@pytest.mark.parametrize(
    "comments", [(), ("Age: NaN", "Sex: Unknown", "Dx: Unknown"), ("Age: 300",)]
)
def test_what_is_unknown_is_not_stated(comments):
    meta = read_ecg(wfdb_record(UNITS, comments=comments)).meta
    assert set(meta) == {"source", "format"}


def test_a_challenge_2020_date_and_name_are_no_obstacle(files):
    old = b"rec 12 500 300"
    record = read_ecg(replaced(files, old, b"rec.mat 12 500 300 05-Feb-2020 11:39:16"))
    assert record.record_id == "rec"


def test_bytes_before_the_first_sample_are_skipped(files):
    shifted = replaced(files, b" 16 1000", b" 16+24 1000")
    record = read_ecg({**shifted, "rec.dat": b"\0" * 24 + files["rec.dat"]})
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)  # float32


def test_format_212_is_read_like_the_wfdb_library_reads_it(tmp_path):
    units = UNITS[:2].T.astype(np.int64)
    wfdb.wrsamp(
        "r", fs=360, units=["mV", "mV"], sig_name=["MLII", "V1"], d_signal=units,
        fmt=["212", "212"], adc_gain=[200, 200], baseline=[10, 10], write_dir=str(tmp_path),
    )  # fmt: skip
    record = read_ecg(tmp_path / "r.hea")
    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal.T
    np.testing.assert_allclose(record.signal_mv, expected, atol=1e-6)  # float32 at 5 mV


def test_segments_are_joined_and_gaps_are_nan():
    first, second = wfdb_record(UNITS, name="s1"), wfdb_record(UNITS[:, :100], name="s2")
    header = b"all/3 12 500 450\ns1 300\n~ 50\ns2 100\n"
    record = read_ecg({"all.hea": header, **first, **second})
    assert record.n_samples == 450
    assert np.isnan(record.signal_mv[:, 300:350]).all()
    np.testing.assert_allclose(record.signal_mv[:, 350:], UNITS[:, :100] / 1000, atol=1e-6)


def bad_uploads():
    good = wfdb_record(UNITS)
    header, dat = good["rec.hea"], good["rec.dat"]
    text = (b"this is no ECG\n" * 1000)[: len(dat)]
    others = wfdb_record(UNITS[::-1])["rec.dat"]
    return {
        "text of the right size": ({"rec.hea": header, "rec.dat": text}, "found text"),
        "text of any size": ({"rec.hea": header, "rec.dat": b"hello"}, "found text"),
        "another record's signal": ({"rec.hea": header, "rec.dat": others}, "found neither"),
        "empty signal": ({"rec.hea": header, "rec.dat": b""}, r"7200 bytes .* found 0 bytes"),
        "short signal": ({"rec.hea": header, "rec.dat": dat[:-1]}, "found 7199 bytes"),
        "long signal": ({"rec.hea": header, "rec.dat": dat + b"\0"}, "found 7201 bytes"),
        "header alone": ({"rec.hea": header}, "its signal file rec.dat"),
        "signal alone": ({"rec.dat": dat}, "no rec.hea"),
        "renamed signal": ({"rec.hea": header, "x.dat": dat}, "rec.dat .* found only x.dat"),
        "empty header": ({"rec.hea": b"", "rec.dat": dat}, "found 0 bytes"),
        "binary header": ({"rec.hea": bytes(range(256)), "rec.dat": dat}, "binary data"),
        "prose header": ({"rec.hea": b"Dear colleague,\n", "rec.dat": dat}, "no such line"),
        "2 GB": (replaced(good, b"500 300", b"500 1000000000"), "24000000000 bytes"),
        "too many leads": (replaced(good, b"rec 12", b"rec 13"), "13 signals"),
        "no leads": (replaced(good, b"rec 12", b"rec 0"), "a claim of 0"),
        "no rate": (replaced(good, b" 500 300", b" 0 300"), "found 0 Hz"),
        "a lead twice": (replaced(good, b" V2", b" V1"), "lead V1 twice"),
        "unknown storage": (replaced(good, b".dat 16 ", b".dat 77 "), "found 77"),
        "gain of nothing": (replaced(good, b"1000(0)", b"1e-99(0)"), "without bound"),
        "nothing": ({}, "no header"),
        "two records": ({**good, "b.hea": header}, "2 headers"),
        "a picture": ({"ecg.png": b"\x89PNG"}, "a picture, which shows"),
    }


@pytest.mark.parametrize("case", bad_uploads())
def test_bad_input_is_one_sentence(case):
    upload, message = bad_uploads()[case]
    with pytest.raises(RecordError, match=message) as caught:
        read_ecg(upload)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(RecordError, match=r"^gone\.hea: .*no such file"):
        read_ecg(tmp_path / "gone.hea")
    with pytest.raises(RecordError, match="a folder"):
        read_ecg(tmp_path)


def test_a_file_of_another_format_is_refused_though_a_header_lies_beside_it(folder):
    (folder / "rec.pdf").write_bytes(b"%PDF")
    with pytest.raises(RecordError, match="a PDF, which shows"):
        read_ecg(folder / "rec.pdf")


@pytest.mark.parametrize(
    ("source", "name"), [(b"x", None), ("x.hea", "x.hea"), (3, None), (None, None)]
)
def test_a_callers_mistake_is_a_type_error(source, name):
    with pytest.raises(TypeError, match=r"name|source"):
        read_ecg(source, name=name)


def test_a_changed_lead_is_read_but_named(files):
    units = UNITS.copy()
    units[4, 10:] = 0
    record = read_ecg({**files, "rec.dat": units.T.astype("<i2").tobytes()})
    assert record.meta["warnings"] == (
        "The first sample or the checksum differs from the header's in aVL.",
    )


SMALL = wfdb_record(UNITS[:3, :20], leads=("I", "II", "V1"), comments=("Age: 60", "Sex: M"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    target=st.sampled_from(sorted(SMALL)),
    kind=st.sampled_from(["flip", "cut", "insert", "digit"]),
    at=st.floats(0, 1, exclude_max=True),
    value=st.binary(min_size=1, max_size=6),
)
def test_damaged_bytes_are_read_or_refused_with_a_record_error(target, kind, at, value):
    content = bytearray(SMALL[target])
    place = int(at * len(content))
    if kind == "flip":
        content[place] ^= value[0]
    elif kind == "cut":
        del content[place : place + len(value)]
    elif kind == "insert":
        content[place:place] = value
    else:
        content[place : place + 1] = str(value[0]).encode()
    try:
        record = read_ecg({**SMALL, target: bytes(content)})
    except RecordError:
        return
    assert np.isfinite(record.signal_mv).any()
