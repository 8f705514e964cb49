"""EDF, EDF+ and BDF, decoded by edfio.

Kemp et al. Electroencephalogr Clin Neurophysiol 1992;82:391 (EDF); Kemp, Olivan. Clin Neurophysiol
2003;114:1755 (EDF+). The sizes a header claims are checked before the library decodes the samples.
"""

from __future__ import annotations

import math
import re
import warnings
from pathlib import PurePosixPath
from typing import Any

import edfio
import numpy as np

from physioclr.errors import RecordError
from physioclr.io.channels import FileSignal, join_signals
from physioclr.io.ecg_records import ecg_record
from physioclr.io.limits import check_samples, check_time
from physioclr.io.person import age_on, stated_person
from physioclr.records import EcgRecord

__all__ = ["read_edf"]

_BYTES_PER_SAMPLE = {"EDF": 2, "BDF": 3}
_HEADER_BYTES = 256
_MOST_SIGNALS = 1000
# A signal's header: bytes before the number of samples a record, and the length of that number.
_BEFORE_COUNTS, _COUNT_LENGTH = 216, 8
_UNKNOWN_LENGTH = -1
_ANNOTATIONS = (b"EDF Annotations", b"BDF Annotations")
_LONGEST_ONSET = 40
_ONSET_ROUNDING_S = 1e-6
_SEX_AND_BIRTH = re.compile(r"\S+ ([FMX]) (\S+)( .*)?")
# The signal types of EDF+ that are no ECG.
_OTHER_TYPES = ("EEG", "EMG", "EOG", "ERG", "MEG", "MCG", "EP", "RESP", "SAO2", "PLETH", "BP")
_DAMAGE = (AttributeError, LookupError, OverflowError, TypeError, ValueError, ArithmeticError)


def read_edf(content: bytes, name: str, file_format: str) -> EcgRecord:
    """Read the ECG of an EDF or BDF file.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    file_format : {"EDF", "BDF"}

    Returns
    -------
    EcgRecord
        Signals that EDF+ labels as another type (EEG, respiration, …) are left out.

    Raises
    ------
    RecordError
        If the file is damaged, cut short, interrupted in time, or holds no ECG.
    """
    remarks = _check_size(content, name, _BYTES_PER_SAMPLE[file_format])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what edfio remarks on is checked here
            read = edfio.read_edf if file_format == "EDF" else edfio.read_bdf
            recording = read(content, header_encoding="latin-1")
            if not _is_continuous(content, name, _BYTES_PER_SAMPLE[file_format]):
                raise RecordError(
                    name,
                    expected="a recording without interruptions",
                    found="gaps between its parts",
                )
            signals, left_out = _signals(recording)
            stated = _person(recording)
    except _DAMAGE:
        raise RecordError(
            name, expected=f"the header and samples of {file_format}", found="damaged ones"
        ) from None  # the library's message may repeat what the file says about a person
    if not signals:
        found = ", ".join(left_out) or "only annotations"
        raise RecordError(name, expected="a signal that is an ECG", found=found)
    return ecg_record(
        join_signals(signals, name, left_out=left_out, warnings=remarks),
        source=name,
        file_format=file_format,
        record_id=PurePosixPath(name).stem,
        stated=stated,
    )


def _check_size(content: bytes, name: str, bytes_per_sample: int) -> tuple[str, ...]:
    """Check the number of bytes against the header's claim; return what is assumed."""
    try:
        n_records, counts = _claimed(content)
    except ValueError as error:
        raise RecordError(
            name, expected="a header that says how many signals and samples", found="a damaged one"
        ) from error
    if not 0 < _duration_s(content) < math.inf:
        raise RecordError(
            name,
            expected="data records longer than 0 s, which the sampling rates follow from",
            found=f"{content[244:252].decode('latin-1').strip()[:8]!r}",
        )
    header_bytes = _HEADER_BYTES * (len(counts) + 1)
    record_bytes = sum(counts) * bytes_per_sample
    held, rest = divmod(len(content) - header_bytes, record_bytes)
    if n_records == _UNKNOWN_LENGTH and held > 0:
        return (f"The file was not closed by its recorder: {held} data records are read.",)
    check_samples(sum(counts) * max(held, 0), name)
    if held != n_records or rest or held < 1:
        raise RecordError(
            name,
            expected=f"{header_bytes + max(n_records, 1) * record_bytes} bytes "
            f"({n_records} records of {sum(counts)} samples)",
            found=f"{len(content)} bytes",
        )
    return ()


def _claimed(content: bytes) -> tuple[int, list[int]]:
    """Return how many data records the header claims, and each signal's samples in one."""
    n_signals, n_records = int(content[252:256]), int(content[236:244])
    if not 1 <= n_signals <= _MOST_SIGNALS:
        raise ValueError("no such number of signals")
    at = _HEADER_BYTES + n_signals * _BEFORE_COUNTS
    fields = [content[at + i * _COUNT_LENGTH :][:_COUNT_LENGTH] for i in range(n_signals)]
    counts = [int(field) for field in fields]
    if min(counts) < 1 or n_records < _UNKNOWN_LENGTH:
        raise ValueError("no such number of samples")
    return n_records, counts


def _duration_s(content: bytes) -> float:
    try:
        return float(content[244:252])
    except ValueError:
        return math.nan


def _is_continuous(content: bytes, name: str, bytes_per_sample: int) -> bool:
    """Whether each data record of EDF+ begins where the one before ends.

    A data record's first annotation is its onset, ``+1.5`` and a mark (EDF+ specification, 2.2.4).
    """
    n_records, counts = _claimed(content)
    labels = [content[_HEADER_BYTES + 16 * i :][:16] for i in range(len(counts))]
    own = next((i for i, label in enumerate(labels) if label.startswith(_ANNOTATIONS)), None)
    if own is None:
        return True
    before, record_bytes = sum(counts[:own]) * bytes_per_sample, sum(counts) * bytes_per_sample
    start, duration_s = _HEADER_BYTES * (len(counts) + 1) + before, _duration_s(content)
    expected = None
    for number in range(max(n_records, 0)):
        check_time(name)
        at = start + number * record_bytes
        field = content[at : at + min(_LONGEST_ONSET, counts[own] * bytes_per_sample)]
        try:
            onset = float(field.split(b"\x14")[0].split(b"\x15")[0])
        except ValueError:
            return False
        if expected is not None and abs(onset - expected) > _ONSET_ROUNDING_S:
            return False
        expected = onset + duration_s
    return True


def _signals(recording: edfio.Edf | edfio.Bdf) -> tuple[list[FileSignal], dict[str, str]]:
    signals, left_out = [], {}
    for signal in recording.signals:
        kind = signal.label.split(" ")[0].upper()
        if kind in _OTHER_TYPES:
            left_out[signal.label] = f"it is labelled {kind}, not ECG"
            continue
        calibrated = (
            signal.digital_max > signal.digital_min and signal.physical_max != signal.physical_min
        )
        signals.append(
            FileSignal(
                name=re.sub(r"-REF$", "", signal.label, flags=re.IGNORECASE),
                samples=signal.data.astype(np.float32),
                unit=signal.physical_dimension if calibrated else "",
                fs_hz=float(signal.sampling_frequency),
            )
        )
    return signals, left_out


def _person(recording: edfio.Edf | edfio.Bdf) -> dict[str, Any]:
    """Return what the subfields of EDF+ state; plain EDF has none."""
    match = _SEX_AND_BIRTH.fullmatch(recording.local_patient_identification.strip())
    if match is None or not recording.reserved.startswith(("EDF+", "BDF+")):
        return {}
    try:
        age = age_on(recording.patient.birthdate, recording.startdate)
    except ValueError:  # either date is withheld, which EDF+ spells X
        age = None
    return stated_person(age_years=age, sex=match[1])
