"""Heads of a checkpoint, their predictions and attributions."""
