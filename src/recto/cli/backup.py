"""`recto backup` and `recto restore`: a folder with all that a server knows, made while it works.

In it: `database.dump`, `objects/` (unless they lie in a cloud, which has backups of its own) and `secret.key`.
The database comes first: an object that arrives later has no row yet and is swept away after a restore, while
a row without its object would be a result that cannot be had.
"""

import shutil
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from recto.errors import InvalidConfig
from recto.settings import KEPT_IN, Settings

DUMP, OBJECTS = "database.dump", "objects"


def backup(target: Annotated[Path, typer.Argument(help="Folder to make; it must not be there yet")]) -> None:
    """Write database, files and secret into a folder; the server may go on working."""
    from recto.cli.connect import reachable  # noqa: PLC0415
    from recto.storage.dumps import dump  # noqa: PLC0415

    settings = Settings()
    if target.exists():
        raise InvalidConfig(f"{target} is there already: name a folder that is not.")
    with reachable(settings) as found:
        target.mkdir(parents=True, mode=0o700)
        dump(found.database_url or "", target / DUMP)
        files = _copy_objects(_folder_of(settings), target / OBJECTS)
    if settings.secret_key is None:
        (target / KEPT_IN).touch(mode=0o600)
        (target / KEPT_IN).write_bytes(settings.secret())
    where = f"{files} files" if files is not None else "no files: they lie in the cloud, see its own backups"
    print(f"{target}: the database, {where}{'' if settings.secret_key else ', and the secret'}")


def restore(
    source: Annotated[Path, typer.Argument(help="Folder made by `recto backup`", exists=True)],
) -> None:
    """Fill an empty data folder (RECTO_DATA_DIR), or an empty database and storage, from a backup."""
    from recto.storage.dumps import restore as fill  # noqa: PLC0415

    settings = Settings()
    objects = _folder_of(settings)
    if not (source / DUMP).is_file():
        raise InvalidConfig(f"{source} is no backup: it has no {DUMP}.")
    if objects is not None and objects.exists() and any(objects.iterdir()):
        raise InvalidConfig(f"{objects} is not empty: restore into a fresh folder (RECTO_DATA_DIR).")
    if settings.database_url is not None:
        fill(settings.database_url, source / DUMP)
    else:
        from recto.storage.embedded import EmbeddedPostgres  # noqa: PLC0415 - not on Windows

        with EmbeddedPostgres.start(settings.data_dir) as postgres:
            fill(postgres.url, source / DUMP)
    files = _copy_objects(source / OBJECTS if (source / OBJECTS).is_dir() else None, objects)
    if settings.secret_key is None and (source / KEPT_IN).is_file():
        kept = settings.data_dir / KEPT_IN
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_bytes((source / KEPT_IN).read_bytes())
    print(f"restored: the database and {files or 0} files; start the server as ever")


def _folder_of(settings: Settings) -> Path | None:
    """Where the objects lie, when that is a folder."""
    parts = urlsplit(settings.objects_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _copy_objects(source: Path | None, target: Path | None) -> int | None:
    """Copy every object; one that is deleted meanwhile is left out. None when there are no folders to copy."""
    if source is None or target is None:
        return None
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = 0
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        copy = target / path.relative_to(source)
        try:
            if path.is_dir():
                copy.mkdir(mode=0o700, exist_ok=True)
            else:
                shutil.copy2(path, copy)
                files += 1
        except FileNotFoundError:
            continue
    return files
