"""Prints the SQL from a revision (`base`: none) to the newest: `python -m recado.store.migrations REVISION`."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config


def main() -> None:
    """Lets Alembic write the SQL text, with its own bookkeeping, to standard output."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, f"{sys.argv[1]}:head", sql=True)


main()
