"""Small ECGs as bytes in the official layout of each format, made for a test.

Every writer takes integers of one unit a microvolt, shape (n_leads, n_samples), and puts a name,
an identifier and a date of birth wherever the format has room for them: none may come out.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import warnings
from collections.abc import Sequence

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from physioclr.leads import STANDARD_LEADS

__all__ = [
    "LEADS_OF_8",
    "SECRETS",
    "WRITERS",
    "aecg",
    "bdf",
    "dicom",
    "edf",
    "ishne",
    "mfer",
    "muse",
    "philips",
    "scp",
]

SURNAME, FORENAME, IDENTIFIER = "Quillfeather", "Persephone", "PID-7734-X"
SECRETS = (SURNAME, FORENAME, IDENTIFIER, "1961")

LEADS_OF_8 = ("I", "II", *STANDARD_LEADS[6:])

_CODES = dict(zip(STANDARD_LEADS, (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8), strict=True))
_ISHNE_CODES = {lead: code for code, lead in enumerate(STANDARD_LEADS, start=5)}


def edf(
    units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500, unit="uV", label="ECG ", n_records=1
) -> bytes:
    """EDF+ (Kemp 1992, 2003): 16 bits, little-endian."""
    return _edf(units, leads, fs_hz, unit, label, n_records, bdf=False)


def bdf(
    units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500, unit="uV", label="ECG ", n_records=1
) -> bytes:
    """BDF (BioSemi): 24 bits, little-endian."""
    return _edf(units, leads, fs_hz, unit, label, n_records, bdf=True)


def _edf(units, leads, fs_hz, unit, label, n_records, *, bdf):
    n_leads, n_samples = units.shape
    lowest, highest = (-(2**23), 2**23 - 1) if bdf else (-32768, 32767)

    def field(values, width):
        return b"".join(str(value).encode().ljust(width) for value in values)

    patient = f"{IDENTIFIER} F 02-MAY-1961 {FORENAME}_{SURNAME}"
    header = b"\xffBIOSEMI" if bdf else b"0       "
    header += field([patient, "Startdate 03-MAY-2021 X X X"], 80)
    header += b"03.05.2110.00.00" + field([256 * (n_leads + 1)], 8)
    header += field(["BDF+C" if bdf else "EDF+C"], 44) + field([n_records], 8)
    header += field([f"{n_samples / fs_hz:.6g}"], 8) + field([n_leads], 4)
    header += field([f"{label}{lead}" for lead in leads], 16) + field([""] * n_leads, 80)
    header += field([unit] * n_leads, 8)
    for bound in (lowest, highest, lowest, highest):
        header += field([bound] * n_leads, 8)
    header += field([""] * n_leads, 80) + field([n_samples] * n_leads, 8)
    header += field([""] * n_leads, 32)
    if not bdf:
        return header + units.astype("<i2").tobytes()
    as_bytes = units.astype("<i4").reshape(-1, 1).view(np.uint8)
    return header + as_bytes[:, :3].tobytes()


def ishne(units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500, resolution_nv=1000) -> bytes:
    """ISHNE Holter (Badilini 1998): a header of 522 bytes, then samples, all leads in turn."""
    n_leads, n_samples = units.shape
    codes = [_ISHNE_CODES[lead] for lead in leads] + [-9] * (12 - n_leads)
    block = struct.pack("<iiiih", 0, n_samples, 522, 522, 1)
    block += FORENAME.encode().ljust(40, b"\0") + SURNAME.encode().ljust(40, b"\0")
    block += IDENTIFIER.encode().ljust(20, b"\0") + struct.pack("<hh", 2, 0)
    block += struct.pack("<12h", 2, 5, 1961, 3, 5, 2021, 3, 5, 2021, 10, 0, 0)
    block += struct.pack("<h", n_leads) + struct.pack("<12h", *codes)
    block += struct.pack("<12h", *[1] * 12) + struct.pack("<12h", *[resolution_nv] * 12)
    block += struct.pack("<h", 0) + b"digital".ljust(40, b"\0") + struct.pack("<h", fs_hz)
    block = block.ljust(512, b"\0")
    return b"ISHNE1.0" + b"\0\0" + block + units.T.astype("<i2").tobytes()


def mfer(
    units,
    leads: Sequence[str] = STANDARD_LEADS,
    *,
    fs_hz=500,
    big_endian=True,
    unit=True,
    n_claimed=1,
) -> bytes:
    """MFER (ISO 22077-1): tag, length, value."""

    def tlv(tag: int, value: bytes) -> bytes:
        length = len(value)
        if length < 0x80:
            return bytes([tag, length]) + value
        return bytes([tag, 0x84]) + length.to_bytes(4, "big") + value

    order = "big" if big_endian else "little"
    n_leads, n_samples = units.shape
    content = tlv(0x40, b"MFR Standard 12 leads ECG".ljust(32))
    content += tlv(0x01, bytes([0 if big_endian else 1]))
    content += tlv(0x81, f"{SURNAME}^{FORENAME}".encode()) + tlv(0x82, IDENTIFIER.encode())
    content += tlv(0x83, bytes([60]) + (0).to_bytes(2, order) + (1961).to_bytes(2, order) + b"\5\2")
    content += tlv(0x84, b"\2")
    content += tlv(0x0B, bytes([0, 0]) + int(fs_hz).to_bytes(2, order))
    if unit:
        content += tlv(0x0C, bytes([0, 0xFA]) + (1).to_bytes(2, order))  # 1e-6 V
    content += tlv(0x04, n_samples.to_bytes(4, order)) + tlv(0x05, bytes([n_leads]))
    content += tlv(0x06, n_claimed.to_bytes(4, order))
    for channel, lead in enumerate(leads):
        inner = tlv(0x09, _CODES[lead].to_bytes(2, order))
        content += bytes([0x3F, channel, len(inner)]) + inner
    content += tlv(0x1E, units.astype(">i2" if big_endian else "<i2").tobytes())
    return content + b"\x80\0"


def scp(
    units,
    leads: Sequence[str] = STANDARD_LEADS,
    *,
    fs_hz=500,
    n_claimed=None,
    multiplier_nv=1000,
    first_sample=1,
    more=None,
) -> bytes:
    """SCP-ECG (EN 1064): sections 0, 1, 3, 6 and those in `more`, uncompressed."""
    n_leads, n_samples = units.shape

    def tag(number: int, value: bytes) -> bytes:
        return struct.pack("<BH", number, len(value)) + value

    person = tag(0, SURNAME.encode() + b"\0") + tag(1, FORENAME.encode() + b"\0")
    person += tag(2, IDENTIFIER.encode() + b"\0") + tag(4, struct.pack("<HB", 60, 1))
    person += tag(5, struct.pack("<HBB", 1961, 5, 2)) + tag(8, b"\2")
    person += tag(14, bytes(14) + bytes([13]) + bytes(26))
    person += tag(25, struct.pack("<HBB", 2021, 5, 3)) + tag(26, bytes([10, 0, 0]))
    person += struct.pack("<BH", 255, 0)
    definition = struct.pack("<BB", n_leads, 4 | n_leads << 3)
    for lead in leads:
        last = (n_claimed or n_samples) + first_sample - 1
        definition += struct.pack("<IIB", first_sample, last, _CODES[lead])
    rhythm = struct.pack("<HHBB", multiplier_nv, round(1e6 / fs_hz), 0, 0)
    rhythm += struct.pack(f"<{n_leads}H", *[2 * n_samples] * n_leads)
    rhythm += units.astype("<i2").tobytes()
    bodies = {1: person, 3: definition, 6: rhythm, **(more or {})}
    bodies = {number: body + b"\0" * (len(body) % 2) for number, body in bodies.items()}

    def with_checksum(content: bytes) -> bytes:
        return struct.pack("<H", binascii.crc_hqx(content, 0xFFFF)) + content

    length = 16 + 10 * 12
    start = 7 + length
    pointers = struct.pack("<HII", 0, length, 7)
    for number in range(1, 12):
        size = 16 + len(bodies[number]) if number in bodies else 0
        pointers += struct.pack("<HII", number, size, start if size else 0)
        start += size

    def section(number: int, body: bytes) -> bytes:
        mark = b"SCPECG" if number == 0 else b"\0" * 6
        return with_checksum(struct.pack("<HIBB6s", number, 16 + len(body), 13, 13, mark) + body)

    sections = section(0, pointers) + b"".join(
        section(n, body) for n, body in sorted(bodies.items())
    )
    return with_checksum(struct.pack("<I", 6 + len(sections)) + sections)


def aecg(
    units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500.0, unit="uV", code="RHYTHM"
) -> bytes:
    """HL7 aECG (PORT_MT020001)."""
    sequences = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}"/>'
        f'<value xsi:type="SLIST_PQ"><origin value="0" unit="{unit}"/>'
        f'<scale value="1" unit="{unit}"/>'
        f"<digits>{' '.join(map(str, row))}</digits></value></sequence></component>"
        for lead, row in zip(leads, units, strict=True)
    )
    time = (
        '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
        f'<head value="20210503100000"/><increment value="{1 / fs_hz:.9g}" unit="s"/>'
        "</value></sequence></component>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><componentOf><timepointEvent>'
        "<componentOf><subjectAssignment><subject><trialSubject>"
        f'<id extension="{IDENTIFIER}"/><subjectDemographicPerson><name>{SURNAME}</name>'
        '<administrativeGenderCode code="F"/><birthTime value="19610502"/>'
        "</subjectDemographicPerson></trialSubject></subject></subjectAssignment></componentOf>"
        "</timepointEvent></componentOf><component><series>"
        f'<code code="{code}"/><effectiveTime><low value="20210503100000"/></effectiveTime>'
        f"<component><sequenceSet>{time}{sequences}</sequenceSet></component>"
        "</series></component></AnnotatedECG>"
    ).encode()


def muse(
    units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500, unit="MICROVOLTS", kinds=("Rhythm",)
) -> bytes:
    """GE MUSE (restecg.dtd): each lead in Base64."""

    def lead_data(lead: str, row) -> str:
        content = row.astype("<i2").tobytes()
        return (
            f"<LeadData><LeadByteCountTotal>{len(content)}</LeadByteCountTotal>"
            f"<LeadSampleCountTotal>{len(row)}</LeadSampleCountTotal>"
            f"<LeadAmplitudeUnitsPerBit>1</LeadAmplitudeUnitsPerBit>"
            f"<LeadAmplitudeUnits>{unit}</LeadAmplitudeUnits><LeadSampleSize>2</LeadSampleSize>"
            f"<LeadID>{lead}</LeadID>"
            f"<WaveFormData>{base64.b64encode(content).decode()}</WaveFormData></LeadData>"
        )

    data = "".join(lead_data(lead, row) for lead, row in zip(leads, units, strict=True))
    waveforms = "".join(
        f"<Waveform><WaveformType>{kind}</WaveformType><SampleBase>{fs_hz}</SampleBase>"
        f"<SampleExponent>0</SampleExponent>{data}</Waveform>"
        for kind in kinds
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd">'
        f"<RestingECG><PatientDemographics><PatientID>{IDENTIFIER}</PatientID>"
        "<PatientAge>60</PatientAge><AgeUnits>YEARS</AgeUnits>"
        f"<DateofBirth>05-02-1961</DateofBirth><Gender>FEMALE</Gender>"
        f"<PatientLastName>{SURNAME}</PatientLastName>"
        f"<PatientFirstName>{FORENAME}</PatientFirstName></PatientDemographics>"
        f"{waveforms}</RestingECG>"
    ).encode("latin-1")


def philips(
    units, leads: Sequence[str] = STANDARD_LEADS, *, fs_hz=500, resolution="1", encoding="utf-8"
) -> bytes:
    """Philips (SierraECG 1.04): 16 bits in Base64, not compressed."""
    content = base64.b64encode(units.astype("<i2").tobytes()).decode()
    duration_ms = round(1000 * units.shape[1] / fs_hz)
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>'
        "<documenttype>SierraECG</documenttype><documentversion>1.04</documentversion>"
        '</documentinfo><dataacquisition date="2021-05-03" time="10:00:00">'
        f"<signalcharacteristics><samplingrate>{fs_hz}</samplingrate>"
        f"<acquisitiontype>STD-12</acquisitiontype></signalcharacteristics></dataacquisition>"
        f"<patient><generalpatientdata><patientid>{IDENTIFIER}</patientid><name>"
        f"<lastname>{SURNAME}</lastname><firstname>{FORENAME}</firstname></name>"
        "<age><dateofbirth>1961-05-02</dateofbirth><years>60</years></age><sex>Female</sex>"
        "</generalpatientdata></patient><waveforms>"
        f'<parsedwaveforms dataencoding="Base64" compression="Uncompressed" '
        f'numberofleads="{len(units)}" leadlabels="{" ".join(leads)}" '
        f'durationperchannel="{duration_ms}" samplespersecond="{fs_hz}" '
        f'resolution="{resolution}" signaloffset="0" signalsigned="True" bitspersample="16">'
        f"{content}</parsedwaveforms></waveforms></restingecgdata>"
    ).encode(encoding)


def dicom(
    groups,
    leads: Sequence[str] = STANDARD_LEADS,
    *,
    fs_hz=500,
    unit="uV",
    syntax: UID = ExplicitVRLittleEndian,
    dtype="<i2",
    kind="SS",
    padding=None,
) -> bytes:
    """DICOM 12-lead ECG (PS3.3 A.34.3). `groups`: units, or (units, leads, label, ms, fs_hz)."""
    if isinstance(groups, np.ndarray):
        groups = [(groups, leads, "RHYTHM", 0, fs_hz)]
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.9.1.1")
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PatientName = f"{SURNAME}^{FORENAME}"
    dataset.PatientID = IDENTIFIER
    dataset.PatientBirthDate = "19610502"
    dataset.PatientSex = "F"
    dataset.AcquisitionDateTime = "20210503100000"
    dataset.WaveformSequence = DicomSequence(
        _dicom_group(*group, unit=unit, dtype=dtype, kind=kind, padding=padding) for group in groups
    )
    if not groups:
        del dataset.WaveformSequence
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(content, dataset, enforce_file_format=True)
    return content.getvalue()


def _dicom_group(units, leads, label, offset_ms, fs_hz, *, unit, dtype, kind, padding):
    group = Dataset()
    if offset_ms is not None:
        group.MultiplexGroupTimeOffset = str(offset_ms)
    group.MultiplexGroupLabel = label
    group.WaveformOriginality = "DERIVED" if "MEDIAN" in label else "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = units.shape
    group.SamplingFrequency = str(fs_hz)
    group.WaveformBitsAllocated = 8 * np.dtype(dtype).itemsize
    group.WaveformSampleInterpretation = kind
    channels = []
    for lead in leads:
        channel, source, of_unit = Dataset(), Dataset(), Dataset()
        source.CodeValue, source.CodingSchemeDesignator = f"2:{_CODES[lead]}", "MDC"
        source.CodeMeaning = f"Lead {lead}"
        channel.ChannelSourceSequence = DicomSequence([source])
        if unit:
            of_unit.CodeValue, of_unit.CodingSchemeDesignator = unit, "UCUM"
            of_unit.CodeMeaning = unit
            channel.ChannelSensitivity = "1"
            channel.ChannelSensitivityUnitsSequence = DicomSequence([of_unit])
            channel.ChannelSensitivityCorrectionFactor = "1"
            channel.ChannelBaseline = "0"
        channel.WaveformBitsStored = group.WaveformBitsAllocated
        channels.append(channel)
    group.ChannelDefinitionSequence = DicomSequence(channels)
    if padding is not None:
        group.add_new("WaveformPaddingValue", "OW", np.array([padding], dtype).tobytes())
    group.add_new("WaveformData", "OW", units.T.astype(dtype).tobytes())
    return group


WRITERS = {
    "EDF": edf,
    "BDF": bdf,
    "ISHNE": ishne,
    "MFER": mfer,
    "SCP-ECG": scp,
    "HL7 aECG": aecg,
    "GE MUSE XML": muse,
    "Philips XML": philips,
    "DICOM": dicom,
}
