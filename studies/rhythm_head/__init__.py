"""The statement head and the fusion with criteria: how they are made, and what each adds."""
