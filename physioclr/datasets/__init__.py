"""Public cohorts, and the store they are prepared into."""
