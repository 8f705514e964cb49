"""The Read an ECG page."""
