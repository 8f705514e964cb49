"""Filtering, heartbeats, wave delineation and quality of an ECG. No torch, no screen."""
