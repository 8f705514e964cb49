"""CSV, TSV, NPY, NPZ and HDF5: what they do not say is declared, never guessed."""

from __future__ import annotations

import io
import pickle

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from physioclr.errors import RecordError
from physioclr.io import ArrayLayout, read_ecg
from physioclr.leads import STANDARD_LEADS
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(8).integers(-900, 900, size=(12, 60))
LEADS_FIRST = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="leads_first")
SAMPLES_FIRST = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first")
NAMED = ArrayLayout(fs_hz=500, unit="uV")
FLOAT32_MV = 1e-6  # 2^-24 of amplitudes below 1 mV


def npy(values, **options):
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def hdf5(**arrays):
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        for name, values in arrays.items():
            content[name] = values
    return file.getvalue()


def table(values, separator=",", header=None, end="\n"):
    rows = [separator.join(map(str, row)) for row in values]
    return (end.join([*([separator.join(header)] if header else []), *rows]) + end).encode()


ARRAYS = {
    "NPY": npy(UNITS),
    "NPZ": npz(ecg=UNITS),
    "HDF5": hdf5(ecg=UNITS),
    "CSV": table(UNITS),
    "TSV": table(UNITS, "\t"),
}
FORMATS = pytest.mark.parametrize("file_format", ARRAYS)


@FORMATS
def test_a_declared_array_is_read_in_millivolts(file_format):
    record = read_ecg(ARRAYS[file_format], name="7.bin", layout=LEADS_FIRST)
    assert record.leads == STANDARD_LEADS
    assert dict(record.meta) == {"source": "7.bin", "format": file_format}
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


@FORMATS
def test_without_a_layout_the_error_says_what_to_declare(file_format):
    with pytest.raises(RecordError, match=r"fs_hz, unit, leads and orientation.* 12 × 60 numbers"):
        read_ecg(ARRAYS[file_format], name="7.bin")


@FORMATS
def test_a_layout_that_does_not_fit_is_refused(file_format):
    with pytest.raises(RecordError, match="12 leads in columns, found 60 columns"):
        read_ecg(ARRAYS[file_format], name="7.bin", layout=SAMPLES_FIRST)


def test_orientation_is_not_guessed_where_both_fit():
    square = UNITS[:, :12]
    along = read_ecg(npy(square), name="7.npy", layout=LEADS_FIRST)
    across = read_ecg(npy(square), name="7.npy", layout=SAMPLES_FIRST)
    np.testing.assert_array_equal(along.signal_mv, across.signal_mv.T)
    undeclared = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS)
    with pytest.raises(RecordError, match="orientation= in its layout"):
        read_ecg(npy(square), name="7.npy", layout=undeclared)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<i4", "<u2", "<f2", "<f4", ">f8"])
def test_any_type_of_number_and_either_byte_order_is_read(dtype):
    values = np.abs(UNITS).astype(dtype)
    record = read_ecg(npy(values), name="7.npy", layout=LEADS_FIRST)
    np.testing.assert_allclose(record.signal_mv, values.astype(float) / 1000, atol=FLOAT32_MV)


def test_columns_in_fortrans_order_and_a_scale_are_honoured():
    layout = ArrayLayout(
        fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first", scale=4.88
    )
    record = read_ecg(npy(np.asfortranarray(UNITS.T)), name="7.npy", layout=layout)
    np.testing.assert_allclose(record.signal_mv, UNITS * 4.88e-3, rtol=2**-23)  # one rounding


def test_nan_stays_nan_and_nothing_but_nan_is_refused():
    values = UNITS.astype(float)
    values[3, 10:20] = np.nan
    assert np.isnan(read_ecg(npy(values), name="7.npy", layout=LEADS_FIRST).signal_mv).sum() == 10
    with pytest.raises(RecordError, match="at least one valid sample"):
        read_ecg(npy(np.full((12, 60), np.nan)), name="7.npy", layout=LEADS_FIRST)


def test_infinity_is_no_amplitude():
    with pytest.raises(RecordError, match="amplitudes without bound"):
        read_ecg(npy(np.where(UNITS > 890, np.inf, UNITS)), name="7.npy", layout=LEADS_FIRST)


class Explodes:
    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


@pytest.mark.parametrize(
    "content",
    [
        npy(np.array([[Explodes()]]), allow_pickle=True),
        npz(ecg=np.array([[Explodes()]], dtype=object)),
    ],
    ids=["NPY", "NPZ"],
)
def test_nothing_is_unpickled(content):
    with pytest.raises(RecordError, match="Python objects, which stay unread"):
        read_ecg(content, name="7.bin", layout=LEADS_FIRST)
    with pytest.raises(RecordError, match="a format that is not known"):
        read_ecg(pickle.dumps(UNITS), name="7.pkl", layout=LEADS_FIRST)


@pytest.mark.parametrize(
    "descr", ["|V8", "|V0", "<U4", "<U0", "|S3", "|b1", "(3,)<f4", "<M8[s]", "<c8", "('x','<f4')"]
)
@pytest.mark.parametrize("shape", ["()", "(3,)", "(12, 60)", "(0,)", "(1,)*40"])
def test_an_array_of_anything_but_numbers_is_refused_in_one_sentence(descr, shape):
    spelt = f"[{descr}]" if descr.startswith("('") else repr(descr)
    spelt = "('<f4', (3,))" if descr.startswith("(3") else spelt
    head = f"{{'descr': {spelt}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117)
    content = b"\x93NUMPY\1\0" + (len(head) + 1).to_bytes(2, "little") + head + b"\n" + bytes(2880)
    with pytest.raises(RecordError, match=r"7\.npy: expected"):
        read_ecg(content, name="7.npy", layout=LEADS_FIRST)


def test_a_claimed_shape_is_checked_against_the_bytes():
    claim = npy(UNITS).replace(b"(12, 60), }       ", b"(12, 1000000000),}")
    with pytest.raises(RecordError, match=r"96000000000 bytes .* found 5760 bytes"):
        read_ecg(claim, name="7.npy", layout=LEADS_FIRST)


def test_an_hdf5_array_whose_samples_were_never_written_is_refused():
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        content.create_dataset("ecg", shape=(12, 10**9), dtype="f4", chunks=(12, 1000))
    with pytest.raises(RecordError, match="48000000000 bytes of samples in it, found 0 bytes"):
        read_ecg(file.getvalue(), name="7.h5", layout=LEADS_FIRST)


def test_an_hdf5_chunk_larger_than_its_array_is_refused():
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        array = content.create_dataset(
            "ecg", (12, 60), "f8", chunks=(12, 2**23), maxshape=(12, None), compression="gzip"
        )
        array.id.write_direct_chunk((0, 0), b"x" * 1000)
    with pytest.raises(RecordError, match=r"805306368 bytes of samples in it, found 1000 bytes"):
        read_ecg(file.getvalue(), name="7.h5", layout=LEADS_FIRST)


def test_links_out_of_an_hdf5_file_are_not_followed(tmp_path):
    (tmp_path / "other.h5").write_bytes(hdf5(ecg=UNITS))
    with h5py.File(tmp_path / "7.h5", "w") as content:
        content["ecg"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "ecg")
    with pytest.raises(RecordError, match="no array of numbers"):
        read_ecg(tmp_path / "7.h5", layout=LEADS_FIRST)


def test_hdf5_without_its_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(RecordError, match=r"physioclr\[hdf5\]"):
        read_ecg(ARRAYS["HDF5"], name="7.h5", layout=LEADS_FIRST)


@pytest.mark.parametrize("pack", [npz, hdf5])
def test_one_of_several_arrays_is_named(pack):
    content = pack(ecg=UNITS, other=UNITS[:2])
    with pytest.raises(RecordError, match=r"array= in its layout.* ecg, other"):
        read_ecg(content, name="7.bin", layout=LEADS_FIRST)
    layout = ArrayLayout(
        fs_hz=500, unit="uV", leads=("I", "II"), orientation="leads_first", array="other"
    )
    assert read_ecg(content, name="7.bin", layout=layout).n_leads == 6


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.array("a"), "<U1"),
        (UNITS[0] > 0, "bool"),
        (UNITS * 1j, "complex"),
        (UNITS[None], "1, 12"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(values, found):
    with pytest.raises(RecordError, match=f"numbers in one or two dimensions, found.*{found}"):
        read_ecg(npy(values), name="7.npy", layout=LEADS_FIRST)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_first_line_names_leads_in_any_order(separator, end):
    order = np.random.default_rng(2).permutation(12)
    header = [f'"{STANDARD_LEADS[i].upper()}"' for i in order]
    content = table(UNITS[order].T, separator, header, end)
    record = read_ecg(content, name="7.txt", layout=NAMED)
    assert record.leads == STANDARD_LEADS
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


def test_a_column_that_is_no_lead_is_left_out_unless_the_layout_names_it():
    values = np.column_stack([np.arange(60), UNITS[:2].T])
    content = table(values, header=["time", "I", "II"])
    record = read_ecg(content, name="7.csv", layout=NAMED)
    assert record.meta["left_out"] == {"time": "it is not named like a lead"}
    assert len(record.leads) == 6
    named = ArrayLayout(fs_hz=500, unit="uV", leads=("V7", "I", "II"))
    assert "V7" in read_ecg(content, name="7.csv", layout=named).leads


def test_a_header_without_a_layout_asks_for_rate_and_unit_only():
    with pytest.raises(RecordError, match="with fs_hz and unit, found an array of 60 × 2"):
        read_ecg(table(UNITS[:2].T, header=["I", "II"]), name="7.csv")


def test_decimal_commas_beside_semicolons():
    content = table(UNITS.T / 8, ";").replace(b".", b",")
    record = read_ecg(content, name="7.csv", layout=SAMPLES_FIRST)
    np.testing.assert_allclose(record.signal_mv, UNITS / 8000, atol=FLOAT32_MV)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_spreadsheets_write_before_the_text_is_no_part_of_it(encoding):
    content = table(UNITS.T, "\t", STANDARD_LEADS).decode().encode(encoding)
    assert read_ecg(content, name="7.txt", layout=NAMED).leads == STANDARD_LEADS


def test_white_space_separates_too():
    content = "\n".join(" ".join(f"{value:8d}" for value in row) for row in UNITS.T).encode()
    record = read_ecg(content, name="7.txt", layout=SAMPLES_FIRST)
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_an_empty_cell_is_a_missing_sample(separator):
    rows = [[str(value) for value in row] for row in UNITS.T]
    rows[4][0] = rows[5][3] = rows[6][11] = ""
    rows[7] = [""] * 12
    record = read_ecg(table(rows, separator), name="7.csv", layout=SAMPLES_FIRST)
    assert record.n_samples == 60
    assert np.isnan(record.signal_mv).sum() == 15


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (table(UNITS.T)[:-9], "12 numbers in every row, found"),
        (table(UNITS.T).replace(b"\n", b",\n", 3).replace(b",\n", b"\n", 1), "found 13 in row 2"),
        (table(UNITS.T, header=["I", "II"]), "2 numbers a row"),
        (b"I,II\n", "a text that is no table"),
        (b"I,II\n1,2\n3,x\n", "something else in row 2, column 2"),
        (b"\n\n", "a text that is no table"),
        (b"Dear colleague,\nthe ECG is attached.\n", "a text that is no table"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_sentence(content, message):
    with pytest.raises(RecordError, match=message):
        read_ecg(content, name="7.csv", layout=NAMED if b"I,II" in content else SAMPLES_FIRST)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"fs_hz": 0}, "fs_hz"),
        ({"fs_hz": np.nan}, "fs_hz"),
        ({"unit": "mmHg"}, "unit"),
        ({"unit": ""}, "unit"),
        ({"orientation": "wide"}, "orientation"),
        ({"scale": 0}, "scale"),
        ({"leads": ()}, "leads"),
        ({"leads": "II"}, "leads"),
        ({"leads": ("II", "MLII")}, "leads"),
    ],
)
def test_a_layout_that_cannot_be_is_the_callers_mistake(given, named):
    with pytest.raises(ValueError, match=named):
        ArrayLayout(**{"fs_hz": 500, "unit": "mV", **given})


@needs_shared_data
def test_chapman_as_downloaded():
    files = sorted((SHARED_DATA / "chapman" / "ECGDataDenoised").glob("*.csv"))[:3]
    for file in files:
        record = read_ecg(file, layout=SAMPLES_FIRST)
        assert (record.n_leads, record.n_samples, record.record_id) == (12, 5000, file.stem)
        values = np.genfromtxt(file, delimiter=",")
        np.testing.assert_allclose(record.signal_mv, values.T / 1000, rtol=2**-23, atol=1e-9)
        # Each lead was denoised by itself, so that Einthoven holds on the whole only.
        einthoven = record.lead_mv("I") + record.lead_mv("III")
        assert np.corrcoef(record.lead_mv("II"), einthoven)[0, 1] > 0.95


@needs_shared_data
def test_sph_as_downloaded():
    layout = ArrayLayout(fs_hz=500, unit="mV", leads=STANDARD_LEADS, orientation="leads_first")
    for file in sorted((SHARED_DATA / "sph").glob("*.h5")):
        record = read_ecg(file, layout=layout)
        assert record.n_leads == 12
        assert record.duration_s >= 10
        off = record.lead_mv("II") - record.lead_mv("I") - record.lead_mv("III")
        # Three roundings to 16-bit floats, 2^-11 of up to 8 mV, and of the recorder's 5 µV.
        assert np.abs(off).max() < 0.02


SMALL = {name: content for name, content in ARRAYS.items() if name != "TSV"}


@pytest.mark.parametrize("file_format", SMALL)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    edits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4), st.integers(0, 4)),
        min_size=1,
        max_size=4,
    )
)
def test_damaged_bytes_are_read_or_refused_with_a_record_error(file_format, edits):
    content = bytearray(SMALL[file_format])
    for at, value, n_cut in edits:
        place = int(at * len(content))
        content[place : place + n_cut] = value
    try:
        record = read_ecg(bytes(content), name="7.bin", layout=LEADS_FIRST)
    except RecordError:
        return
    assert np.isfinite(record.signal_mv).any()
