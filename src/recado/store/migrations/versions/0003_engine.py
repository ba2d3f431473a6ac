"""What the complete engine needs: events in the inbox, triggers, consents, takeovers, pace."""

from recado.store.migrations.run_sql import run_sql

revision = "0003_engine"
down_revision = "0002_jobs"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
