"""The migrations, run one after the other, make exactly the tables that the code expects."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from recto.jobs.engine import migrate_engine
from recto.storage.database import driver_url, migrate
from recto.storage.embedded import EmbeddedPostgres
from recto.storage.tables import metadata


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
