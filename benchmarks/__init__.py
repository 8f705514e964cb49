"""One script for each claim: ``python -m benchmarks.delineation`` and its like."""
