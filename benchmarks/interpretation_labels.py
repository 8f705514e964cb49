"""Which statement each label of the cohorts stands for, and of which ECGs a label says absent."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CODES_OF", "JUDGED"]

_SNOMED = {
    "426783006": "SR",
    "426177001": "SBRAD",
    "427084000": "STACH",
    "427393009": "SARRH",
    "164889003": "AFIB",
    "164890007": "AFLT",
    "284470004": "PAC",
    "63593006": "PAC",
    "427172004": "PVC",
    "17338001": "PVC",
    "164884008": "PVC",
    "10370003": "PACE",
    "270492004": "1AVB",
    "164947007": "1AVB",
    "713427006": "CRBBB",
    "59118001": "CRBBB",
    "713426002": "IRBBB",
    "164909002": "CLBBB",
    "733534002": "CLBBB",
    "445118002": "LAFB",
    "698252002": "IVCD",
    "39732003": "LAD",
    "47665007": "RAD",
    "251146004": "LVOLT",
    "164873001": "LVH",
    "55827005": "VCLVH",
    "89792004": "RVH",
    "67741000119109": "LAO/LAE",
    "164931005": "STE_",
    "429622005": "STD_",
    "59931005": "INVT",
    "164917005": "QWAVE",
    "365413008": "PRWP",
    "111975006": "LNGQT",
    "164934002": "NT_",
}

CODES_OF: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ptb-xl": {
            **{
                code: code
                for code in (
                    *("NORM", "SR", "SBRAD", "STACH", "SARRH", "AFIB", "AFLT", "PACE", "PAC"),
                    *("PVC", "1AVB", "CRBBB", "IRBBB", "CLBBB", "ILBBB", "LAFB", "LPFB", "IVCD"),
                    *("WPW", "LVOLT", "VCLVH", "LVH", "RVH", "LAO/LAE", "RAO/RAE", "STE_"),
                    *("STD_", "INVT", "QWAVE", "IMI", "AMI", "LMI", "PMI", "LNGQT", "2AVB"),
                    *("3AVB", "SVTAC", "BIGU", "TRIGU", "NT_"),
                )
            },
            "ASMI": "AMI",
            "ALMI": "AMI",
            "ILMI": "IMI",
            "IPMI": "IMI",
            "IPLMI": "IMI",
            "LPR": "1AVB",
            "NDT": "NT_",
            "LOWT": "NT_",
        },
        "cpsc2018": {
            f"diagnosis_code:{word}": code
            for word, code in {
                "Normal": "NORM",
                "AF": "AFIB",
                "I-AVB": "1AVB",
                "LBBB": "CLBBB",
                "RBBB": "CRBBB",
                "PAC": "PAC",
                "PVC": "PVC",
                "STD": "STD_",
                "STE": "STE_",
            }.items()
        },
        "ludb": {
            "rhythm:sinus_rhythm": "SR",
            "rhythm:sinus_bradycardia": "SBRAD",
            "rhythm:sinus_tachycardia": "STACH",
            "rhythm:sinus_arrhythmia": "SARRH",
            "rhythm:atrial_fibrillation": "AFIB",
            "rhythm:atrial_flutter_typical": "AFLT",
            "conduction:i_degree_av_block": "1AVB",
            "conduction:iii_degree_av_block": "3AVB",
            "conduction:complete_left_bundle_branch_block": "CLBBB",
            "conduction:complete_right_bundle_branch_block": "CRBBB",
            "conduction:incomplete_left_bundle_branch_block": "ILBBB",
            "conduction:incomplete_right_bundle_branch_block": "IRBBB",
            "conduction:left_anterior_hemiblock": "LAFB",
            "conduction:non_specific_intravintricular_conduction_delay": "IVCD",
            "axis:left_axis_deviation": "LAD",
            "axis:right_axis_deviation": "RAD",
            "hypertrophy:left_ventricular_hypertrophy": "LVH",
            "hypertrophy:right_ventricular_hypertrophy": "RVH",
            "hypertrophy:left_atrial_hypertrophy": "LAO/LAE",
            "hypertrophy:right_atrial_overload": "RAO/RAE",
            "ischemia:stemi_anterior_wall": "STEMI",
            "ischemia:stemi_lateral_wall": "STEMI",
            "ischemia:stemi_septal": "STEMI",
            "ischemia:stemi_apical": "STEMI",
            "other:early_repolarization_syndrome": "ERP",
            **{
                f"pacing:{kind}": "PACE"
                for kind in (
                    *("unipolar_ventricular_pacing", "unipolar_atrial_pacing"),
                    *("bipolar_ventricular_pacing", "biventricular_pacing"),
                )
            },
            **{
                f"extrasystole:{kind}": "PVC"
                for kind in (
                    "ventricular_extrasystole_type_single_pvc",
                    "ventricular_extrasystole_type_couplet",
                    "ventricular_extrasystole_type_intercalary_pvc",
                    "ventricular_extrasystole_morphology_polymorphic",
                )
            },
            "extrasystole:atrial_extrasystole_type_single_pac": "PAC",
            "extrasystole:atrial_extrasystole_sa_nodal_extrasystole": "PAC",
        },
        "chapman": {
            "rhythm:SR": "SR",
            "rhythm:SB": "SBRAD",
            "rhythm:ST": "STACH",
            "rhythm:SA": "SARRH",
            "rhythm:AFIB": "AFIB",
            "rhythm:AF": "AFLT",
            "rhythm:SVT": "SVTAC",
            "beat:1AVB": "1AVB",
            "beat:RBBB": "CRBBB",
            "beat:AQW": "QWAVE",
            "beat:LVHV": "VCLVH",
            "beat:STDD": "STD_",
        },
        "challenge2021": {f"diagnosis_code:{code}": of for code, of in _SNOMED.items()},
    }
)
"""Cohort → label → code of the statement."""

JUDGED: Mapping[str, frozenset[str]] = MappingProxyType(
    {cohort: frozenset(codes.values()) for cohort, codes in CODES_OF.items()}
)
"""Cohort → the codes its labels speak of; an ECG without such a label counts as without it.

The cohorts label what their readers found worth a word: many borderline findings have none.
"""
