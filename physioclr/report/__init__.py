"""One ECG's report: a page to print, numbers for a table, resources for a hospital's system."""

from physioclr.report.assembly import encoder_name, make_report
from physioclr.report.findings import AGREEMENTS, ReaderFindings, Report, qtc_remark

__all__ = ["AGREEMENTS", "ReaderFindings", "Report", "encoder_name", "make_report", "qtc_remark"]
