"""The Pretraining page."""
