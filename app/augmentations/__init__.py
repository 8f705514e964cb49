"""The Augmentations page."""
