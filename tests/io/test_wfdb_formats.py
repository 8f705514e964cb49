"""Every signal format of signal(5), against bits written one by one and the wfdb library."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import wfdb

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.limits import ReadLimits
from physioclr.io.wfdb_formats import FORMATS, NO_SAMPLE
from tests.shared_data import SHARED_DATA, needs_shared_data

BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12}
BITS |= {"310": 10, "311": 10}
N_FRAMES = 61  # prime: the last block of a packed format is never full


def encoded(samples, storage):
    """Return the bytes of samples, written as signal(5) describes them, in plain Python."""
    samples = [int(value) for value in samples]
    if storage in ("80", "160"):
        width = BITS[storage] // 8
        middle = 1 << (BITS[storage] - 1)
        return b"".join((value + middle).to_bytes(width, "little") for value in samples)
    if storage in ("8", "16", "24", "32", "61"):
        width, order = BITS[storage] // 8, "big" if storage == "61" else "little"
        return b"".join(value.to_bytes(width, order, signed=True) for value in samples)
    bits = BITS[storage]
    raw = [value % (1 << bits) for value in samples]
    group = {"212": 2, "310": 3, "311": 3}[storage]
    raw += [0] * (-len(raw) % group)
    words = []
    for at in range(0, len(raw), group):
        if storage == "212":
            low, high = raw[at : at + 2]
            words.append(bytes([low % 256, low // 256 + high // 256 * 16, high % 256]))
        elif storage == "310":
            first, second, third = raw[at : at + 3]
            words.append((first * 2 + third % 32 * 2048).to_bytes(2, "little"))
            words.append((second * 2 + third // 32 * 2048).to_bytes(2, "little"))
        else:
            first, second, third = raw[at : at + 3]
            words.append((first + second * 2**10 + third * 2**20).to_bytes(4, "little"))
    return b"".join(words)


def record_of(storage, per_frame, seed=0, gain="200", skew=(0, 0, 0)):
    """Return files of three signals over the format's whole range, and their exact units."""
    generator = np.random.default_rng(seed)
    top = 1 << (BITS[storage] - 1)
    signals = [generator.integers(-top + 1, top, N_FRAMES * n) for n in per_frame]
    stored = [np.diff(s, prepend=s[:1]) for s in signals] if storage == "8" else signals
    if storage == "8":  # differences of one byte
        steps = [generator.integers(-128, 128, len(s)) for s in signals]
        for step in steps:
            step[0] = 0  # the first sample is the header's
        signals = [np.cumsum(step) + 40 for step in steps]
        stored = steps
    frames = [s.reshape(N_FRAMES, n) for s, n in zip(stored, per_frame, strict=True)]
    samples = np.concatenate(frames, axis=1).reshape(-1)
    lines = [f"rec 3 250 {N_FRAMES}"]
    for name, n, s in zip(("I", "V1", "V2"), per_frame, skew, strict=True):
        lines.append(
            f"rec.dat {storage}x{n}:{s} {gain}/mV 12 0 {40 if storage == '8' else 0} 0 0 {name}"
        )
    files = {"rec.hea": "\n".join(lines).encode(), "rec.dat": encoded(samples, storage)}
    return files, signals


@pytest.mark.parametrize("storage", BITS)
def test_every_format_is_read_to_the_last_bit(storage):
    files, signals = record_of(storage, (1, 1, 1))
    found = read_ecg(files).signal_mv
    # float32 keeps 24 bits: exact but for one rounding.
    np.testing.assert_allclose(found, np.stack(signals) / 200, rtol=2**-23)


@pytest.mark.parametrize("storage", BITS)
@pytest.mark.parametrize("per_frame", [(2, 2, 1), (1, 3, 3), (4, 1, 4), (2, 3, 2)])
def test_any_number_of_samples_a_frame_is_read_at_the_rate_of_most_leads(storage, per_frame):
    files, signals = record_of(storage, per_frame)
    record = read_ecg(files)
    most = max(set(per_frame), key=per_frame.count)
    kept = [s for s, n in zip(signals, per_frame, strict=True) if n == most]
    assert record.fs_hz == 250 * most
    np.testing.assert_allclose(record.signal_mv, np.stack(kept) / 200, rtol=2**-23)
    left = dict(zip(("I", "V1", "V2"), per_frame, strict=True))
    assert set(record.meta["left_out"]) == {name for name, n in left.items() if n != most}


@pytest.mark.parametrize("storage", BITS)
def test_a_skewed_signal_is_shifted_and_ends_without_samples(storage):
    files, signals = record_of(storage, (2, 2, 2), skew=(0, 3, 0))
    record = read_ecg(files)
    np.testing.assert_allclose(record.signal_mv[1, :-6], signals[1][6:] / 200, rtol=2**-23)
    assert np.isnan(record.signal_mv[1, -6:]).all()
    assert np.isfinite(record.signal_mv[[0, 2]]).all()


@pytest.mark.parametrize("storage", [s for s in BITS if s in NO_SAMPLE])
def test_the_lowest_value_stands_for_no_sample(storage):
    files, signals = record_of(storage, (1, 1, 1))
    signals[1][10:20] = NO_SAMPLE[storage]
    samples = np.stack(signals, axis=1).reshape(-1)
    record = read_ecg({**files, "rec.dat": encoded(samples, storage)})
    assert np.isnan(record.signal_mv[1, 10:20]).all()
    assert np.isnan(record.signal_mv).sum() == 10


@pytest.mark.parametrize("storage", ["16", "24", "32", "80", "212", "508", "516", "524"])
@pytest.mark.parametrize("per_frame", [(1, 1), (3, 3)])
def test_what_the_wfdb_library_writes_is_read_as_it_reads_it(tmp_path, storage, per_frame):
    bits = BITS.get(storage) or int(storage) - 500
    generator = np.random.default_rng(1)
    top = 1 << (bits - 1)
    signals = [generator.integers(-top + 1, top, 200 * n) for n in per_frame]
    signals[0][5:9] = NO_SAMPLE[storage]
    wfdb.wrsamp(
        "r", fs=100, units=["mV", "uV"], sig_name=["II", "V1"], e_d_signal=signals,
        fmt=[storage] * 2, adc_gain=[200.0, 0.31], baseline=[10, -7], write_dir=str(tmp_path),
        samps_per_frame=list(per_frame),
    )  # fmt: skip
    record = read_ecg(tmp_path / "r.hea")
    expected = wfdb.rdrecord(str(tmp_path / "r"), smooth_frames=False).e_p_signal
    for row, reference, unit_mv in zip(record.signal_mv, expected, (1.0, 1e-3), strict=True):
        np.testing.assert_array_equal(np.isnan(row), np.isnan(reference))
        np.testing.assert_allclose(row, reference * unit_mv, rtol=2**-22)  # float32, twice


@pytest.mark.parametrize("storage", ["8", "160", "212", "310", "311"])
def test_what_is_written_bit_by_bit_is_read_as_the_wfdb_library_reads_it(tmp_path, storage):
    files, _ = record_of(storage, (1, 3, 3))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    expected = wfdb.rdrecord(str(tmp_path / "rec"), smooth_frames=False).e_p_signal[1:]
    np.testing.assert_allclose(read_ecg(files).signal_mv, expected, rtol=2**-23)  # float32


def test_a_flac_file_of_another_shape_is_refused(tmp_path):
    wfdb.wrsamp(
        "r", fs=100, units=["mV"], sig_name=["II"], d_signal=np.arange(300).reshape(-1, 1),
        fmt=["516"], adc_gain=[200.0], baseline=[0], write_dir=str(tmp_path),
    )  # fmt: skip
    header = (tmp_path / "r.hea").read_bytes()
    flac = next(path for path in tmp_path.iterdir() if path.suffix != ".hea")
    for old, new in ((b" 300", b" 400"), (b" 516", b" 508")):
        files = {"r.hea": header.replace(old, new), flac.name: flac.read_bytes()}
        with pytest.raises(RecordError, match=r"FLAC"):
            read_ecg(files)
    with pytest.raises(RecordError, match="FLAC"):
        read_ecg({"r.hea": header, flac.name: b"fLaC" + b"\xff" * 500})


def test_formats_are_named_where_one_is_unknown():
    files, _ = record_of("16", (1, 1, 1))
    with pytest.raises(RecordError, match=f"{FORMATS[0]}, .*{FORMATS[-1]}, found 99"):
        read_ecg({**files, "rec.hea": files["rec.hea"].replace(b" 16x", b" 99x")})


def test_a_file_longer_than_claimed_is_read_only_if_all_checks_agree():
    units = np.arange(30).reshape(10, 3)
    sums = units.sum(axis=0)
    lines = [
        f"r.dat 16 200/mV 12 0 {i} {s} 0 {n}"
        for i, (s, n) in enumerate(zip(sums, "XYZ", strict=True))
    ]
    header = "\n".join(["r 3 100 10", *lines]).encode()
    longer = np.concatenate([units, units]).astype("<i2").tobytes()
    record = read_ecg({"r.hea": header, "r.dat": longer})
    assert record.n_samples == 10
    assert "60 bytes more" in record.meta["warnings"][0]
    unchecked = header.replace(f" {sums[0]} ".encode(), b" 0 ").replace(b" 155 ", b" 0 ")
    unchecked = unchecked.replace(f" {sums[1]} ".encode(), b" 0 ")
    with pytest.raises(RecordError, match="expected 60 bytes"):
        read_ecg({"r.hea": unchecked.replace(f" {sums[2]} ".encode(), b" 0 "), "r.dat": longer})


@pytest.mark.parametrize(
    "gain", ["200.0000000000000000000001", "2e2", "+200.", "2.0E+2", "0200", "2000000000000000e-13"]
)
@pytest.mark.parametrize("baseline", ["", "(0)", "(0.0)", "(+0)", "(-0e0)"])
def test_a_number_may_be_any_decimal(gain, baseline):
    files, signals = record_of("16", (1, 1, 1), gain=f"{gain}{baseline}")
    np.testing.assert_allclose(read_ecg(files).signal_mv, np.stack(signals) / 200, rtol=2**-23)


@pytest.mark.parametrize(
    "rate", ["250.00000000000000000", "2.5e2", "250.", "+250", "250/999.56(-3.5)"]
)
def test_a_rate_may_be_any_decimal(rate):
    files, _ = record_of("16", (1, 1, 1))
    header = files["rec.hea"].replace(b" 250 ", f" {rate} ".encode())
    assert read_ecg({**files, "rec.hea": header}).fs_hz == 250


@pytest.mark.parametrize("gain", ["nan", "inf", "1e999", "1_0", "0x10", "(5)x", "1(", "1(a)"])
def test_what_is_no_number_is_refused(gain):
    files, _ = record_of("16", (1, 1, 1), gain=gain)
    with pytest.raises(RecordError, match="gain of signal 1"):
        read_ecg(files)


def test_a_header_in_latin_1_is_read():
    files, _ = record_of("16", (1, 1, 1))
    header = files["rec.hea"].replace(b"/mV", b"/\xb5V") + b"\n# M\xfcller"
    record = read_ecg({**files, "rec.hea": header})
    assert record.signal_mv.max() < 1


def test_the_record_is_named_by_its_file_not_by_what_the_header_says():
    files, _ = record_of("16", (1, 1, 1))
    header = files["rec.hea"].replace(b"rec 3", b"Jane_Doe 3", 1)
    assert read_ecg({"00017.hea": header, "rec.dat": files["rec.dat"]}).record_id == "00017"


def test_a_claim_of_many_samples_is_refused_before_anything_is_read():
    files, _ = record_of("16", (1, 1, 1))
    with pytest.raises(RecordError, match="at most 100 samples"):
        read_ecg(files, limits=ReadLimits(samples=100))


def test_the_ecg_is_read_though_more_signals_have_another_rate():
    """PhysioNet's drivedb: ECG 32 times, two others twice, two once a frame, all without a unit."""
    lines = ["d 5 15.5"]
    counts = {"ECG": 32, "foot GSR": 2, "marker": 1, "RESP": 2, "EMG": 1}
    lines += [f"d.dat 16x{n} 1000 16 0 0 0 0 {name}" for name, n in counts.items()]
    samples = np.arange(20 * sum(counts.values())) % 800
    record = read_ecg(
        {"d.hea": "\n".join(lines).encode(), "d.dat": samples.astype("<i2").tobytes()}
    )
    assert record.leads == ("ECG",)
    assert record.fs_hz == 496


@needs_shared_data
@pytest.mark.parametrize(("case", "name"), [("01", "uv"), ("02", "mu")])
def test_a_case_of_the_shared_data_is_read_as_the_wfdb_library_reads_it(case, name, tmp_path):
    folder = SHARED_DATA / "cases" / case
    header = (folder / f"{name}.hea").read_bytes().replace(b"\xb5V", b"uV")
    (tmp_path / f"{name}.hea").write_bytes(header)
    (tmp_path / f"{name}.dat").write_bytes((folder / f"{name}.dat").read_bytes())
    record = read_ecg(folder / f"{name}.hea")
    expected = wfdb.rdrecord(str(tmp_path / name))
    rows = [record.leads.index(lead) for lead in expected.sig_name]
    half_unit_mv = 0.5e-3 / max(expected.adc_gain)
    np.testing.assert_allclose(
        record.signal_mv[rows], expected.p_signal.T / 1000, atol=half_unit_mv
    )
    assert record.n_leads == 12


@needs_shared_data
def test_signals_of_two_and_three_samples_a_frame_are_told_apart():
    record = read_ecg(SHARED_DATA / "cases" / "03" / "mf23.hea")
    assert (record.leads, record.fs_hz, record.n_samples) == (("V1",), 750.0, 7500)
    assert record.meta["left_out"] == {"II": "it is sampled at 500 Hz, the ECG at 750 Hz"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = str(SHARED_DATA / "cases" / "03" / "mf23")
        expected = wfdb.rdrecord(path, smooth_frames=False).e_p_signal[1]
    np.testing.assert_allclose(record.signal_mv[0], expected, atol=1e-6)  # float32
