"""Pretraining: its config, run, run folder, plan and estimate."""
