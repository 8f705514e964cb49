"""How repeatable the measurements are, on the ECGs of PTB-XL."""
