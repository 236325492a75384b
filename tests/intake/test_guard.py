"""Which addresses may be connected to, by name, by address and by trick."""

import asyncio
import http.server
import threading
from ipaddress import ip_address

import httpx
import pytest

from recto.errors import DownloadFailed, InvalidConfig, UrlNotAllowed
from recto.intake import guard as guard_module
from recto.intake.guard import AddressGuard, GuardedTransport, refusal, without_secrets


def resolving(**names):
    """A resolver that knows these names only; double underscores stand for dots."""
    table = {name.replace("__", "."): addresses for name, addresses in names.items()}

    async def resolve(host, port):
        if host not in table:
            raise OSError("no such name")
        return table[host]

    return resolve


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "127.0.0.1",
        "127.255.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2a00:1450:4001::5efe:a00:1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_the_public_internet(text):
    assert refusal(ip_address(text))


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_public_addresses(text):
    assert refusal(ip_address(text)) is None


async def test_a_public_name_resolves_to_its_addresses():
    guard = AddressGuard(
        resolver=resolving(example__com=["93.184.216.34", "2606:4700::1111", "93.184.216.34"])
    )
    target = await guard.resolve("https://Example.com/a.pdf?x=1")
    assert target.host == "example.com"
    assert target.port == 443
    assert target.addresses == ("93.184.216.34", "2606:4700::1111")
    assert (await guard.resolve("http://example.com:8080/")).port == 8080


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://127.1/",
        "http://0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::]/",
        "http://[::1]/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://127。0。0。1/",
        "http://[::ffff:7f00:1]:8080/",
    ],
)
async def test_every_spelling_of_this_machine_is_refused(url):
    with pytest.raises(UrlNotAllowed) as caught:
        await AddressGuard().resolve(url)
    assert "RECTO_ALLOWED_HOSTS" in caught.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "no file: URLs"),
        ("ftp://example.com/a", "no ftp: URLs"),
        ("gopher://example.com/", "no gopher: URLs"),
        ("example.com/a", "without a scheme"),
        ("http:///a", "names no host"),
        ("http://./", "names no host"),
        ("http://user:secret@example.com/", "user name or password"),
        ("http://user@example.com/", "user name or password"),
        ("http://127.0.0.1\\@example.com/", "user name or password"),
        ("http://example.com:99999/", "port"),
        ("http://example.com:0/", "port"),
        ("http://exam\x00ple.com/", "not a valid URL"),
    ],
)
async def test_urls_that_are_refused_before_a_look_at_the_address(url, said):
    with pytest.raises(UrlNotAllowed) as caught:
        await AddressGuard(resolver=resolving(example__com=["93.184.216.34"])).resolve(url)
    assert said in caught.value.message
    assert "secret" not in caught.value.message


async def test_one_private_address_among_public_ones_is_enough_to_refuse():
    guard = AddressGuard(resolver=resolving(rebind__example=["93.184.216.34", "10.0.0.5"]))
    with pytest.raises(UrlNotAllowed) as caught:
        await guard.resolve("https://rebind.example/")
    assert "rebind.example" in caught.value.message
    assert "10.0.0.5" not in caught.value.message  # would tell a stranger how the inner network is numbered


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("minio", "http://minio:9000/a"),
        ("MinIO:9000", "http://minio:9000/a"),
        (" minio. ", "http://minio/a"),
        ("*.inner.example", "http://files.inner.example/a"),
        ("10.0.0.0/8", "http://minio:9000/a"),
        ("10.0.0.7", "http://minio:9000/a"),
        ("10.0.0.7:9000", "http://minio:9000/a"),
        ("fd00::/8", "http://six.example/"),
        ("[fd00::7]:80", "http://six.example/"),
        ("[fd00::7]", "http://six.example/"),
        ("bücher.example", "http://bücher.example/"),
    ],
)
async def test_what_the_operator_allows(allowed, url):
    guard = AddressGuard([allowed], resolver=INNER)
    assert (await guard.resolve(url)).addresses


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("minio:9000", "http://minio:9001/"),
        ("10.0.0.7:9000", "http://minio/"),
        ("*.inner.example", "http://inner.example/"),
        ("*.inner.example", "http://evilinner.example/"),
        ("inner.example", "http://files.inner.example/"),
        ("10.0.1.0/24", "http://minio/"),
        ("minio", "http://10.0.0.7/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
    ],
)
async def test_what_an_allowed_entry_does_not_cover(allowed, url):
    with pytest.raises(UrlNotAllowed):
        await AddressGuard([allowed], resolver=INNER).resolve(url)


INNER = resolving(
    **{
        "minio": ["10.0.0.7"],
        "10__0__0__7": ["10.0.0.7"],
        "files__inner__example": ["10.0.0.8"],
        "inner__example": ["10.0.0.8"],
        "evilinner__example": ["10.0.0.8"],
        "six__example": ["fd00::7"],
        "xn--bcher-kva__example": ["10.0.0.9"],
        "::ffff:127.0.0.1": ["::ffff:127.0.0.1"],
    }
)


@pytest.mark.parametrize(
    "entry", ["*", "*.", "a.*.example", "http://minio", "minio:port", "minio:0", "10.0.0.0/99"]
)
def test_entries_that_mean_nothing_are_refused(entry):
    with pytest.raises(InvalidConfig) as caught:
        AddressGuard([entry])
    assert repr(entry) in caught.value.message


def test_empty_entries_are_nothing():
    AddressGuard(["", "  "])


async def test_an_unknown_name_is_named():
    with pytest.raises(DownloadFailed, match=r"nosuch\.example"):
        await AddressGuard(resolver=resolving()).resolve("https://nosuch.example/")


async def test_a_name_without_addresses_is_named():
    with pytest.raises(DownloadFailed, match=r"empty\.example"):
        await AddressGuard(resolver=resolving(empty__example=[])).resolve("https://empty.example/")


async def test_a_silent_name_server_is_given_up(monkeypatch):
    async def silent(host, port):
        await asyncio.sleep(60)
        return ["93.184.216.34"]

    monkeypatch.setattr(guard_module, "RESOLVE_TIMEOUT_S", 0.05)
    with pytest.raises(DownloadFailed, match="looked up"):
        await AddressGuard(resolver=silent).resolve("https://slow.example/")


def test_secrets_stay_out_of_messages():
    assert without_secrets("https://u:p@host/a@b?sig=1#f") == "https://host/a@b"


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        type(self).connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = self.headers["host"].encode() + b" " + body
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def echo():
    _Echo.connections = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


async def test_the_transport_connects_to_the_checked_address_under_the_name(echo):
    calls = []

    async def rebinding(host, port):
        calls.append(host)
        return ["127.0.0.1"] if len(calls) == 1 else ["127.0.0.9"]

    guard = AddressGuard([f"127.0.0.1:{echo}"], resolver=rebinding)
    url = f"http://hook.example:{echo}/x"
    async with httpx.AsyncClient(transport=GuardedTransport(guard), trust_env=False) as client:
        answer = await client.post(url, content=b"hello")
        assert answer.text == f"hook.example:{echo} hello"
        with pytest.raises(UrlNotAllowed):
            await client.post(url, content=b"again")
    assert calls == ["hook.example", "hook.example"]


async def test_the_transport_tries_the_next_address_and_never_reuses_a_connection(echo):
    guard = AddressGuard(["hook.example"], resolver=resolving(hook__example=["127.0.0.99", "127.0.0.1"]))
    async with httpx.AsyncClient(transport=GuardedTransport(guard), trust_env=False) as client:
        for _ in range(2):
            answer = await client.post(f"http://hook.example:{echo}/", content=b"x")
            assert answer.text.endswith(" x")
    assert _Echo.connections == 2
