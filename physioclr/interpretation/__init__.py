"""Statements on one ECG, each with its criterion and the evidence."""
