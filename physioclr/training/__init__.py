"""What a pretraining run is made of: its cohort, its folder, its monitoring."""
