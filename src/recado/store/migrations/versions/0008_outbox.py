"""An outbox whose rows cost little to come and go."""

from recado.store.migrations.run_sql import run_sql

revision = "0008_outbox"
down_revision = "0007_turns"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
