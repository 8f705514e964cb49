"""A cohort on the device, and its batches."""
