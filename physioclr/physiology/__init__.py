"""What a clinician reads off an ECG: intervals, amplitudes, axis, rhythm, as named numbers."""
