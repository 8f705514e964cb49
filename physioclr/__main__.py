"""``python -m physioclr``: the command line."""

from physioclr.cli import main

main()
