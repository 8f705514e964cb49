"""The map of a cohort and what is found on it: clusters, neighbourhoods, enrichment, pairs."""
