"""What time does to the outbox is found without walking through its queues."""

from recado.store.migrations.run_sql import run_sql

revision = "0009_sweeps"
down_revision = "0008_outbox"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
