"""The Pair inspector page."""
