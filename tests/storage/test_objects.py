"""One suite for every storage: a folder, memory, and a server that speaks S3."""

import asyncio
import os
import uuid

import httpx
import pytest
from moto.server import ThreadedMotoServer

from recto.errors import DocumentTooLarge, InvalidConfig, NotFound, Unavailable
from recto.storage import objects as objects_module
from recto.storage.objects import open_objects, valid_key


@pytest.fixture(scope="session")
def s3_server():
    """The address of an S3 server with the bucket "papers"."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    httpx.put(f"{address}/papers", trust_env=False).raise_for_status()
    yield address
    server.stop()


@pytest.fixture
def s3_environment(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return s3_server


@pytest.fixture(params=["file", "memory", "s3"])
def objects(request, tmp_path):
    if request.param == "memory":
        return open_objects("memory://")
    if request.param == "file":
        return open_objects((tmp_path / "store").as_uri())
    request.getfixturevalue("s3_environment")
    return open_objects(f"s3://papers/{uuid.uuid4()}")


async def pieces(*chunks):
    for chunk in chunks:
        yield chunk


async def requested(method, url, content=None):
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.request(method, url, content=content)).raise_for_status().content


async def keys(objects, prefix):
    return sorted([key async for key in objects.list_keys(prefix)])


async def test_what_is_put_is_got(objects):
    await objects.put_bytes("a/b.bin", b"one")
    assert await objects.get_bytes("a/b.bin") == b"one"
    assert await objects.size("a/b.bin") == 3
    assert await objects.exists("a/b.bin")
    await objects.put_bytes("a/b.bin", b"three")
    assert await objects.get_bytes("a/b.bin") == b"three"


async def test_every_character_a_key_may_have(objects):
    key = "A-z_0.9=+@~/~x/..hidden/a..b"
    await objects.put_bytes(key, b"x")
    assert await objects.get_bytes(key) == b"x"
    assert await keys(objects, "A-z_0.9=+@~") == [key]
    async with objects.local_file(key) as path:
        assert path.read_bytes() == b"x"


async def test_a_file_is_stored(objects, tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(os.urandom(9_000_000))  # more than one part
    await objects.put_file("files/x.bin", source)
    assert await objects.size("files/x.bin") == 9_000_000
    assert b"".join([piece async for piece in objects.stream("files/x.bin")]) == source.read_bytes()
    with pytest.raises(FileNotFoundError):
        await objects.put_file("files/y.bin", tmp_path / "missing")


async def test_a_stream_is_stored(objects):
    chunk = os.urandom(1_000_000)
    assert await objects.put_stream("s/x", pieces(*[chunk] * 9, b"end"), 9_000_003) == 9_000_003
    assert await objects.get_bytes("s/x") == chunk * 9 + b"end"
    assert await objects.put_stream("s/empty", pieces(), 10) == 0
    assert await objects.get_bytes("s/empty") == b""


async def test_a_stream_over_the_limit_leaves_nothing(objects, tmp_path):
    with pytest.raises(DocumentTooLarge, match="10,000,000"):
        await objects.put_stream("s/deep/x", pieces(*[b"x" * 1_000_000] * 11), 10_000_000)
    assert not await objects.exists("s/deep/x")
    assert await keys(objects, "s") == []
    store = tmp_path / "store"
    assert not store.exists() or list(store.iterdir()) == []


async def test_a_broken_stream_keeps_the_old_object(objects):
    class HungUpError(Exception):
        pass

    async def breaking():
        yield b"new" * 3_000_000
        raise HungUpError

    await objects.put_bytes("s/x", b"old")
    with pytest.raises(HungUpError):
        await objects.put_stream("s/x", breaking(), 100_000_000)
    assert await objects.get_bytes("s/x") == b"old"
    assert await keys(objects, "s") == ["s/x"]


async def test_an_aborted_upload_holds_no_parts_in_the_bucket(s3_environment):
    objects = open_objects("s3://papers/aborted")
    with pytest.raises(DocumentTooLarge):
        await objects.put_stream("x", pieces(*[b"x" * 1_000_000] * 20), 19_000_000)
    listed = await requested("GET", f"{s3_environment}/papers?uploads")
    assert b"ListMultipartUploadsResult" in listed
    assert b"<Upload>" not in listed


async def test_missing_objects_are_named(objects, tmp_path):
    for asked in (
        objects.get_bytes("no/such"),
        objects.size("no/such"),
        objects.copy("no/such", "target/x"),
        anext(objects.stream("no/such")),
    ):
        with pytest.raises(NotFound, match="no/such"):
            await asked
    with pytest.raises(NotFound, match="no/such"):
        async with objects.local_file("no/such"):
            pass
    assert not await objects.exists("no/such")
    await objects.put_bytes("folder/x", b"")
    assert not await objects.exists("folder")


async def test_copies_are_independent(objects):
    await objects.put_bytes("a/x", b"one")
    await objects.put_bytes("b/y", b"other")
    await objects.copy("a/x", "b/y")
    await objects.put_bytes("a/x", b"two")
    assert await objects.get_bytes("b/y") == b"one"
    await objects.delete("a/x")
    assert await objects.get_bytes("b/y") == b"one"


async def test_deleting_twice_is_fine(objects):
    await objects.put_bytes("a/x", b"one")
    await objects.delete("a/x")
    await objects.delete("a/x")
    assert not await objects.exists("a/x")


async def test_a_prefix_is_whole_parts(objects):
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/10/a", "jobs/2"):
        await objects.put_bytes(key, b"x")
    assert await keys(objects, "jobs/1") == ["jobs/1/a", "jobs/1/b/c"]
    assert await keys(objects, "jobs/1/") == ["jobs/1/a", "jobs/1/b/c"]
    assert await keys(objects, "nothing") == []
    await objects.delete_prefix("jobs/1")
    await objects.delete_prefix("jobs/1")
    assert await keys(objects, "jobs") == ["jobs/10/a", "jobs/2"]


async def test_deleting_many(objects, monkeypatch):
    monkeypatch.setattr(objects_module, "LIST_BATCH", 4)
    for number in range(10):
        await objects.put_bytes(f"many/{number}", b"x")
    assert len(await keys(objects, "many")) == 10
    await objects.delete_prefix("many")
    assert await keys(objects, "many") == []


async def test_a_local_file_can_be_read_and_goes_away(objects):
    await objects.put_bytes("a/paper.pdf", b"%PDF")
    async with objects.local_file("a/paper.pdf") as path:
        assert path.suffix == ".pdf"
        assert path.read_bytes() == b"%PDF"
        assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
        stored_itself = objects._root is not None
    assert path.exists() == stored_itself
    assert await objects.exists("a/paper.pdf")


BAD_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "a//b",
    "a/",
    "..",
    "a/../b",
    "./a",
    "a b",
    "a\\b",
    "a\0b",
    "ü",
    "a#1",
    "%2e",
    "x" * 201,
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_keys_that_are_refused(key):
    with pytest.raises(InvalidConfig):
        valid_key(key)


async def test_no_method_takes_a_bad_key(objects, tmp_path):
    bad = "../x"
    (tmp_path / "x").write_bytes(b"outside")
    for asked in (
        objects.put_bytes(bad, b""),
        objects.put_file(bad, tmp_path / "x"),
        objects.put_stream(bad, pieces(b"x"), 10),
        objects.get_bytes(bad),
        anext(objects.stream(bad)),
        objects.size(bad),
        objects.exists(bad),
        objects.copy(bad, "a"),
        objects.copy("a", bad),
        objects.delete(bad),
        objects.delete_prefix(bad),
        anext(objects.list_keys(bad)),
        objects.signed_get(bad, 60),
        objects.signed_put(bad, 60),
    ):
        with pytest.raises(InvalidConfig):
            await asked
    with pytest.raises(InvalidConfig):
        async with objects.local_file(bad):
            pass
    assert (tmp_path / "x").read_bytes() == b"outside"


async def test_links_of_the_cloud_itself(s3_environment):
    objects = open_objects("s3://papers/links")
    put = await objects.signed_put("a/x.pdf", 60)
    get = await objects.signed_get("a/x.pdf", 60)
    await requested("PUT", put, b"%PDF")
    assert await objects.get_bytes("a/x.pdf") == b"%PDF"
    assert await requested("GET", get) == b"%PDF"
    assert "X-Amz-Expires=60" in get


async def test_folders_and_memory_have_no_links(tmp_path):
    for objects in (open_objects("memory://"), open_objects(tmp_path.as_uri())):
        assert await objects.signed_get("a", 60) is None
        assert await objects.signed_put("a", 60) is None


async def test_stored_files_are_for_the_owner_only(tmp_path):
    root = tmp_path / "store"
    objects = open_objects(root.as_uri())
    source = tmp_path / "source"
    source.write_bytes(b"x")
    await objects.put_bytes("a/b/c", b"x")
    await objects.put_file("f", source)
    await objects.put_stream("s/t", pieces(b"x"), 10)
    await objects.copy("a/b/c", "d/e")
    everything = [root, *root.rglob("*")]
    assert len(everything) == 9
    for path in everything:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


async def test_empty_folders_do_not_pile_up(tmp_path):
    objects = open_objects((tmp_path / "store").as_uri())
    await objects.put_bytes("a/b/c", b"x")
    await objects.delete("a/b/c")
    assert list((tmp_path / "store").iterdir()) == []


async def test_writers_and_deleters_of_one_folder_do_not_disturb_each_other(objects):
    async def churn(number):
        for _ in range(10):
            await objects.put_bytes(f"c/d/{number}", b"x")
            await objects.delete(f"c/d/{number}")

    await asyncio.gather(*(churn(number) for number in range(8)))
    assert await keys(objects, "c") == []


async def test_a_cloud_that_is_away_is_unavailable(s3_environment, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(objects_module, "MAX_RETRIES", 0)
    objects = open_objects("s3://papers/x")
    for asked in (
        objects.get_bytes("a"),
        objects.put_bytes("a", b""),
        objects.exists("a"),
        objects.delete("a"),
    ):
        with pytest.raises(Unavailable, match="S3"):
            await asked


async def test_a_bucket_that_is_not_there_is_no_missing_object_on_writing(s3_environment):
    with pytest.raises(Unavailable):
        await open_objects("s3://nosuchbucket/x").put_bytes("a", b"")


async def test_a_key_below_an_object_is_unavailable_not_a_crash(tmp_path):
    objects = open_objects(tmp_path.as_uri())
    await objects.put_bytes("a", b"x")
    with pytest.raises(Unavailable):
        await objects.put_bytes("a/b", b"x")
    assert await objects.get_bytes("a") == b"x"


@pytest.mark.parametrize(
    "url", ["", "data", "/data", "ftp://host/a", "http://host/bucket", "file:///", "file://host/data"]
)
def test_urls_that_are_no_storage(url):
    with pytest.raises(InvalidConfig):
        open_objects(url)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        open_objects((tmp_path / "file" / "store").as_uri())
