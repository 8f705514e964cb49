"""What asks for an ECG, a cohort, a checkpoint or paper, for several pages."""
