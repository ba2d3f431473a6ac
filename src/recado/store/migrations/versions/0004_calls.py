"""What calls to outside services need: their queue, and what authors name in them."""

from recado.store.migrations.run_sql import run_sql

revision = "0004_calls"
down_revision = "0003_engine"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
