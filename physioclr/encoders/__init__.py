"""A trained encoder: preprocessing, card, checkpoint, embedding, reference ECGs."""
