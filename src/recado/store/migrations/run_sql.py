"""Runs a file of SQL text inside a revision."""

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    """Puts `sql/<name>.sql` into the revision's transaction as it is written, colons and percent signs included."""
    script = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    op.get_context().impl.static_output(script)
