"""``python -m physioclr``: the command line."""

from physioclr.cli import main

if __name__ == "__main__":
    main()
