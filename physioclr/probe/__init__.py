"""The linear probe: how much of a label can be read off frozen features by a straight line."""

from physioclr.probe.cross_validation import compare_probes, cross_validate_probe
from physioclr.probe.folds import patient_folds, unmeasurable_labels
from physioclr.probe.head import LinearProbe, fit_probe
from physioclr.probe.label_efficiency import FRACTIONS, label_efficiency
from physioclr.probe.paired import auroc_draws, paired_difference, paired_table
from physioclr.probe.regression import RegressionResult, cross_validate_regression
from physioclr.probe.result import MACRO, ProbeResult, comparison_table

__all__ = [
    "FRACTIONS",
    "MACRO",
    "LinearProbe",
    "ProbeResult",
    "RegressionResult",
    "auroc_draws",
    "compare_probes",
    "comparison_table",
    "cross_validate_probe",
    "cross_validate_regression",
    "fit_probe",
    "label_efficiency",
    "paired_difference",
    "paired_table",
    "patient_folds",
    "unmeasurable_labels",
]
