"""PgQueuer's tables, as its release 1.6 declares them."""

from recado.store.migrations.run_sql import run_sql

revision = "0002_jobs"
down_revision = "0001_first"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
