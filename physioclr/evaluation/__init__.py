"""Evaluation of encoders on a store: probe, transfer, fine-tuning, noise."""
