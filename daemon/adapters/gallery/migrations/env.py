"""Alembic's entry: migrates over the connection that it is given, in the transaction that is open there."""

from alembic import context

from daemon.adapters.gallery.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
