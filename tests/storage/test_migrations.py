"""The migrations, run one after the other, make exactly the tables that the code expects."""

from pathlib import Path

import alembic.command
import alembic.config
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from recto.jobs.engine import migrate_engine
from recto.storage import database
from recto.storage.database import driver_url, migrate
from recto.storage.embedded import EmbeddedPostgres
from recto.storage.queries import deliveries
from recto.storage.tables import metadata

BEFORE_ENDPOINTS = """
INSERT INTO organisation (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'o');
INSERT INTO job (id, organisation_id, type, lane, lane_asked, status, request, raw_config)
    SELECT '00000000-0000-0000-0000-000000000002', id, 'Parse', 'async', 'async', 'Failed', '{}', ''
    FROM organisation;
INSERT INTO delivery (id, job_id, organisation_id, url, body, attempt)
    SELECT '00000000-0000-0000-0000-000000000003', id, organisation_id, 'https://Host.example/h?x=1', '{}', 1
    FROM job
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("migrations")
    with EmbeddedPostgres.start(folder) as postgres:
        yield postgres.url
        postgres.discard()


def test_the_migrations_make_the_tables_of_the_code(url: str):
    migrate(url)
    engine = sa.create_engine(driver_url(url))
    with engine.connect() as connection:
        ours = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            },
        )
        differences = compare_metadata(ours, metadata)
    engine.dispose()
    assert differences == []


def test_migrating_again_changes_nothing(url: str):
    for _ in range(2):
        migrate(url)
        migrate_engine(url)


async def test_a_webhook_under_way_is_delivered_after_the_migration_to_endpoints(url: str):
    """In a database of its own, brought to the version before, with a delivery as that one wrote it."""
    engine = sa.create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE before_endpoints"))
    engine.dispose()
    old = sa.engine.make_url(driver_url(url)).set(database="before_endpoints")
    engine = sa.create_engine(old)
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0003")
        for statement in BEFORE_ENDPOINTS.split(";"):
            connection.execute(sa.text(statement))
        connection.commit()
        alembic.command.upgrade(config, "head")
        connection.commit()
    engine.dispose()
    moved = database.Database(old.render_as_string(hide_password=False))
    async with moved.begin() as connection:
        (held,) = await deliveries.claim(connection, "w", 10, 10, {}, 4)
    await moved.close()
    assert (held.kind, held.url, held.body, held.attempt) == ("direct", "https://Host.example/h?x=1", "{}", 2)
    assert held.host == "host.example"
