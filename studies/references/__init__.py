"""Readers of expert annotations and reference methods, for studies and benchmarks."""
