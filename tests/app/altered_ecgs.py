"""ECGs that something is missing of, or wrong with."""

from dataclasses import replace

import numpy as np

from physioclr.records import EcgRecord


def flat_lead(record):
    signal = record.signal_mv.copy()
    signal[record.leads.index("V2")] = 0.0
    return replace(record, signal_mv=signal)


def two_seconds(record):
    return replace(record, signal_mv=record.signal_mv[:, :1000])


def missing_samples(record):
    signal = record.signal_mv.copy()
    signal[:, 1000:1500] = np.nan
    return replace(record, signal_mv=signal)


def two_leads(record):
    return EcgRecord(record.signal_mv[[1, 6]], record.fs_hz, ("II", "V1"), "two-leads")


def one_lead(record):
    return EcgRecord(record.signal_mv[[1]], record.fs_hz, ("II",), "one-lead")


def all_flat(record):
    return replace(record, signal_mv=np.zeros_like(record.signal_mv))


def thirty_seconds(record):
    return replace(record, signal_mv=np.tile(record.signal_mv, (1, 3)))


KINDS = {
    "good": lambda record: record,
    "flat lead": flat_lead,
    "2 s": two_seconds,
    "missing samples": missing_samples,
    "two leads": two_leads,
    "one lead": one_lead,
    "all flat": all_flat,
}
