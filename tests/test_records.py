from __future__ import annotations

import pickle

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord


@pytest.fixture
def record():
    signal = np.arange(24.0).reshape(2, 12)
    return EcgRecord(signal, 100, ("I", "V1"), "a", {"age_years": 50.0})


def test_shape_and_duration_follow_from_the_signal(record):
    assert (record.n_leads, record.n_samples) == (2, 12)
    assert record.duration_s == 0.12


def test_signal_is_a_read_only_copy():
    signal = np.ones((1, 3))
    record = EcgRecord(signal, 100, ("I",), "a")
    signal[0, 0] = 5
    assert record.signal_mv[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        record.signal_mv[0, 0] = 2


def test_nothing_of_a_record_can_be_changed(record):
    with pytest.raises(AttributeError):
        record.fs_hz = 1.0
    with pytest.raises(TypeError):
        record.meta["age_years"] = 1.0


def test_a_record_pickles(record):
    again = pickle.loads(pickle.dumps(record))
    np.testing.assert_array_equal(again.signal_mv, record.signal_mv)
    assert (again.leads, again.fs_hz, again.record_id) == (("I", "V1"), 100.0, "a")
    assert dict(again.meta) == {"age_years": 50.0}


def test_missing_leads_are_the_standard_ones_it_lacks(record):
    assert record.missing_leads == tuple(x for x in STANDARD_LEADS if x not in ("I", "V1"))


def test_a_lead_is_found_by_name_and_an_unknown_one_is_a_callers_mistake(record):
    np.testing.assert_array_equal(record.lead_mv("V1"), np.arange(12.0, 24.0))
    with pytest.raises(ValueError, match=r"one of I, V1.*'V2'"):
        record.lead_mv("V2")


def test_a_record_is_simulated_only_if_it_says_so(record):
    assert not record.simulated
    assert EcgRecord(np.ones((1, 2)), 1, ("I",), "s", {"simulated": True}).simulated


@pytest.mark.parametrize(
    ("signal", "fs_hz", "leads"),
    [
        (np.ones((2, 3)), 100, ("I",)),
        (np.ones((2, 3)), 100, ("I", "I")),
        (np.ones((0, 3)), 100, ()),
        (np.ones((1, 0)), 100, ("I",)),
        (np.ones((1, 3)), 0, ("I",)),
        (np.ones((1, 3)), -1, ("I",)),
        (np.ones((1, 3)), float("nan"), ("I",)),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(signal, fs_hz, leads):
    with pytest.raises(ValueError, match=r"leads|signal_mv|fs_hz"):
        EcgRecord(signal, fs_hz, leads, "a")


@pytest.mark.parametrize("signal", [np.ones(3), np.ones((1, 2, 3)), np.array([["a"]])])
def test_what_is_not_a_table_of_numbers_is_a_type_error(signal):
    with pytest.raises(TypeError, match="signal_mv"):
        EcgRecord(signal, 100, ("I",), "a")
