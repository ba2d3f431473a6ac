"""Alembic's entry: writes the revisions as SQL text, which store/migrate.py runs."""

from alembic import context

context.configure(dialect_name="postgresql", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
