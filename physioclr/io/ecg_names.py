"""Whether a signal's name can be that of an ECG lead."""

from __future__ import annotations

from physioclr.leads import STANDARD_LEADS, canonical_lead

__all__ = ["is_named_like_ecg", "is_named_like_other"]

# Leads beside the standard twelve: right and posterior, Frank, bipolar monitoring, modified, a
# single lead of unknown place, foetal and oesophageal.
_OTHER_LEAD_LIST = (
    "V V7 V8 V9 V1R V2R V3R V4R V5R V6R V7R V8R V9R X Y Z VX VY VZ VF VR VL -AVR MV MCL MCL1 MCL6"
    " CM1 CM2 CM3 CM4 CM5 CC1 CC5 CB5 CR1 CR6 CS5 CH1 D E A J NEHB LA RA LL RL C FECG MECG MDI NASA"
    " ML2 ML5 MV1 MV2 MV3 MV4 MV5 MV6 MODV1 MOD.V1 ES EA BIPOLAR UNIPOLAR"
)
_OTHER_LEADS = frozenset(_OTHER_LEAD_LIST.split())
_ECG_WORDS = ("ECG", "EKG", "LEAD", "ELECTROCARDIO", "HOLTER", "CARDIO", "ABDOMEN")
# Sites of the 10-20 system, other physiological signals, and signals of generators.
_EEG_SITES = ("FP", "AF", "FC", "FT", "CP", "TP", "PO", "F", "C", "T", "P", "O")
_OTHER_WORD_LIST = (
    "EEG EMG EOG ERG MEG MCG ACC GSR EDA RESP SPO2 SAO2 PLETH PPG ABP ART CVP PAP BP TEMP NIBP CO2"
    " SQUARE SINE TRIANGLE RAMP PULSE SAWTOOTH EVENT MARKER TRIGGER STIM STATUS SYNC SNORE"
    " THOR FLOW LIGHT POSITION PRESSURE FLICKER EP"
)
_OTHER_WORDS = tuple(_OTHER_WORD_LIST.split())


def is_named_like_ecg(name: str) -> bool:
    """Return whether a name is that of a lead, or says that the signal is an ECG.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool
    """
    lead = canonical_lead(name)
    upper = lead.upper()
    return (
        lead in STANDARD_LEADS
        or upper in _OTHER_LEADS
        or any(word in upper for word in _ECG_WORDS)
        or _is_difference_of_leads(upper)
    )


def is_named_like_other(name: str) -> bool:
    """Return whether a name says that the signal is something else: EEG, pressure, a test signal.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool
    """
    if is_named_like_ecg(name):
        return False
    upper = name.strip().upper()
    words = "".join(char if char.isalnum() else " " for char in upper).split()
    references = ("REF", "AVG", "LE", "A1", "A2", "M1", "M2")
    sites = [word for word in words if _is_eeg_site(word)]
    return (
        any(word.startswith(other) for word in words for other in _OTHER_WORDS)
        or any(other in upper for other in _OTHER_WORDS if len(other) > 4)
        or (bool(sites) and all(word in sites or word in references for word in words))
    )


def _is_eeg_site(word: str) -> bool:
    """Whether a word is a site of the 10-20 system: Fp1, Cz, T10."""
    site = next((site for site in _EEG_SITES if word.startswith(site)), None)
    if site is None:
        return False
    rest = word.removeprefix(site)
    return rest == "Z" or (rest.isascii() and rest.isdigit() and len(rest) <= 2)


def _is_difference_of_leads(upper: str) -> bool:
    """Whether a name is that of a bipolar lead between electrodes or leads: ``"V5-V1"``."""
    parts = upper.split("-")
    known = {lead.upper() for lead in STANDARD_LEADS} | {"RA", "LA", "LL", "RL", "C", "N"}
    return len(parts) == 2 and all(part in known for part in parts)
