"""Lets `python -m recado` run the command line."""

from recado.cli import main

main()
