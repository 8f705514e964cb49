"""How what ships was made, and what was tried on the way."""
