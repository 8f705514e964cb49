"""Functions that draw the values they are given; none of them loads or computes anything."""
