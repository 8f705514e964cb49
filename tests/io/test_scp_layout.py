"""SCP-ECG that counts from 0: read as what it is, said so."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from tests.io.ecg_bytes import scp

UNITS = np.random.default_rng(0).integers(-500, 500, (12, 1000))


def with_pointers_from_0(content):
    changed = bytearray(content)
    for at in range(22, 6 + struct.unpack_from("<I", content, 10)[0], 10):
        if place := struct.unpack_from("<I", content, at + 6)[0]:
            struct.pack_into("<I", changed, at + 6, place - 1)
    struct.pack_into("<I", changed, 2, 0x72F00000)  # as in the file of a Healforce device
    return bytes(changed)


def test_samples_counted_from_0_are_read():
    record = read_ecg(scp(UNITS, first_sample=0), name="a.scp")
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)  # float32
    assert "counts its samples from 0" in record.meta["warnings"][0]


def test_bytes_counted_from_0_are_read_whatever_size_is_stated():
    record = read_ecg(with_pointers_from_0(scp(UNITS)), name="a.scp")
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)  # float32
    assert "counts its bytes from 0" in record.meta["warnings"][0]


def test_bytes_counted_from_0_with_damaged_sections_are_refused_with_what_to_export():
    content = bytearray(with_pointers_from_0(scp(UNITS)))
    at = content.index(b"\x06\0", 200) + 14  # the rhythm's header
    content[at + 4] = 9  # an unknown difference encoding
    with pytest.raises(RecordError, match="DICOM, HL7 aECG or EDF"):
        read_ecg(bytes(content), name="a.scp")


def test_a_standard_file_is_left_as_it_is():
    assert "warnings" not in read_ecg(scp(UNITS), name="a.scp").meta
