from __future__ import annotations

import numpy as np
import pytest
import wfdb

from physioclr.io.source_files import FolderFiles, UploadedFiles
from physioclr.io.wfdb_header import parse_header
from physioclr.io.wfdb_signal_files import decode_signals
from tests.shared_data import SHARED_DATA, needs_shared_data


@needs_shared_data
@pytest.mark.parametrize("record", ["00001_hr", "00255_hr"])
def test_the_samples_are_those_the_wfdb_library_decodes(record):
    folder = SHARED_DATA / "ptb-xl" / "records500" / "00000"
    header = parse_header((folder / f"{record}.hea").read_bytes(), f"{record}.hea")
    found = decode_signals(FolderFiles(folder), header.signals, header.n_samples, record)
    expected = wfdb.rdrecord(str(folder / record), physical=False).d_signal
    np.testing.assert_array_equal(np.stack(found, axis=1), expected)


def test_several_samples_a_frame_an_offset_and_several_files():
    """signal(5): a frame holds the samples of each signal of the file in turn."""
    header = parse_header(
        b"r 3 100 4\n"
        b"a.dat 16x2+6 200/mV 16 0 0 0 0 fast\n"
        b"a.dat 16+6 200/mV 16 0 0 0 0 slow\n"
        b"b.dat 16 200/mV 16 0 0 0 0 other\n",
        "r.hea",
    )
    frames = np.arange(12, dtype="<i2") - 5
    files = UploadedFiles(
        {"a.dat": b"header" + frames.tobytes(), "b.dat": np.arange(4, dtype="<i2").tobytes()}
    )
    fast, slow, other = decode_signals(files, header.signals, 4, "r.hea")
    assert fast.tolist() == [-5, -4, -2, -1, 1, 2, 4, 5]
    assert slow.tolist() == [-3, 0, 3, 6]
    assert other.tolist() == [0, 1, 2, 3]
