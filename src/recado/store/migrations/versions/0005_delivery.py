"""Delivery that can be trusted: rates, holds, breakers, and what must go before what."""

from recado.store.migrations.run_sql import run_sql

revision = "0005_delivery"
down_revision = "0004_calls"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
