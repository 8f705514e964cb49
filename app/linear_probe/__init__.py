"""The Linear probe page."""
