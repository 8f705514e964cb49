"""The study: whether pretraining by physiology helps, and what of it does.

``python -m studies.main DATA --out STUDY`` prepares the cohorts, pretrains every row of
`studies.main.rows` on three seeds, measures them and writes ``STUDY/tables``. Each step is kept in
`STUDY` and not done again, so it goes on where it was stopped.
"""
