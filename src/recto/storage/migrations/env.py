"""Alembic's entry: runs the migrations on the connection that storage.database.migrate opened."""

from alembic import context

from recto.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    version_table="recto_migration",
)
with context.begin_transaction():
    context.run_migrations()
