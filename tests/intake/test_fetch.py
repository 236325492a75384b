"""Downloads from a real server on this machine: limits, redirects, compression, lies and silence."""

import contextlib
import datetime as dt
import gzip
import http.server
import ipaddress
import ssl
import threading
import time
import zlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from recto.errors import DocumentTooLarge, DownloadFailed, DownloadInterrupted, Unavailable, UrlNotAllowed
from recto.intake import guard as guard_module
from recto.intake.fetch import Fetcher
from recto.intake.guard import AddressGuard

BODY = b"%PDF-1.7 " + bytes(range(256)) * 40
LIMIT = 1_000_000


class Site(http.server.ThreadingHTTPServer):
    """A server whose pages are functions of the request handler."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = {}
        self.seen = []
        self.over = threading.Event()

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests

    def url(self, path, host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.server_port}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.pages[self.path.split("?")[0]](self)
        self.close_connection = True

    def log_message(self, *args):
        pass


def answer(body=b"", status=200, **headers):
    """A page with a whole body; header names have underscores for dashes."""

    def page(handler):
        handler.send_response(status)
        sent = {"content_length": str(len(body)), **headers}
        for name, value in sent.items():
            if value is not None:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return page


@contextlib.contextmanager
def serving(site):
    threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield site
    finally:
        site.over.set()
        site.shutdown()
        site.server_close()


@pytest.fixture
def site():
    with serving(Site()) as running:
        yield running


def fetcher(site, **limits):
    return Fetcher(
        AddressGuard([f"127.0.0.1:{site.server_port}"]), **{"max_bytes": LIMIT, "pause_s": 0, **limits}
    )


async def failing(site, path, tmp_path, kind, **limits):
    """Download what must fail; nothing may stay behind."""
    to = tmp_path / "out"
    with pytest.raises(kind) as caught:
        await fetcher(site, **limits).download(site.url(path), to)
    assert not to.exists()
    return caught.value.message


async def test_a_document_arrives_whole_and_private(site, tmp_path):
    site.pages["/a/report.pdf"] = answer(BODY, content_type="Application/PDF; x=1")
    told = []
    to = tmp_path / "out"
    to.write_bytes(b"old")
    found = await fetcher(site).download(
        site.url("/a/report.pdf?sig=s"), to, lambda done, of: told.append((done, of))
    )
    assert to.read_bytes() == BODY
    assert to.stat().st_mode & 0o777 == 0o600
    assert (found.name, found.content_type, found.size_bytes) == ("report.pdf", "application/pdf", len(BODY))
    assert told[-1] == (len(BODY), len(BODY))
    assert site.seen[0][0] == "/a/report.pdf?sig=s"


@pytest.mark.parametrize(
    ("disposition", "path", "name"),
    [
        ('attachment; filename="x y.pdf"', "/a", "x y.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%e2%82%ac.pdf", "/a", "€.pdf"),
        ("attachment; filename*=iso-8859-1'en'%A3.pdf", "/a", "£.pdf"),
        ("attachment; filename*=nonsense''x.pdf", "/a", "x.pdf"),
        ('attachment; filename="../../etc/passwd"', "/a", "passwd"),
        ('attachment; filename="C:\\\\a\\\\b.doc"', "/a", "b.doc"),
        ('attachment; filename=".."', "/a.pdf", "a.pdf"),
        (f'attachment; filename="{"n" * 300}.pdf"', "/a", "n" * 196 + ".pdf"),
        ("inline", "/r%C3%A9sum%C3%A9.pdf", "résumé.pdf"),
        (None, "/", None),
    ],
)
async def test_the_name_of_a_document(site, tmp_path, disposition, path, name):
    site.pages[path] = answer(BODY, content_disposition=disposition)
    found = await fetcher(site).download(site.url(path), tmp_path / "out")
    assert found.name == name


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_without_cookies(site, tmp_path, status):
    site.pages["/start.pdf"] = answer(status=status, location="/b/17?sig=1", set_cookie="id=1; Path=/")
    site.pages["/b/17"] = answer(BODY)
    found = await fetcher(site).download(site.url("/start.pdf"), tmp_path / "out")
    assert found.size_bytes == len(BODY)
    assert found.name == "start.pdf"  # the first URL has the extension, the last has none
    headers = {name.lower() for name in site.seen[1][1]}
    assert not headers & {"cookie", "authorization", "referer"}


async def test_a_redirect_loop_ends(site, tmp_path):
    site.pages["/loop"] = answer(status=302, location="/loop")
    message = await failing(site, "/loop", tmp_path, DownloadFailed)
    assert "5 times" in message
    assert len(site.seen) == 6


async def test_a_redirect_into_the_inner_network_is_refused(site, tmp_path):
    with serving(Site()) as inner:
        inner.pages["/secret"] = answer(b"secret")
        site.pages["/out"] = answer(status=302, location=inner.url("/secret"))
        message = await failing(site, "/out", tmp_path, UrlNotAllowed)
        assert "RECTO_ALLOWED_HOSTS" in message
        assert inner.seen == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/", "http://u:p@example.com/"])
async def test_a_redirect_to_another_kind_of_url_is_refused(site, tmp_path, location):
    site.pages["/out"] = answer(status=302, location=location)
    await failing(site, "/out", tmp_path, UrlNotAllowed)


@pytest.mark.parametrize("location", [None, "http://[::1/"])
async def test_a_redirect_to_nowhere_fails(site, tmp_path, location):
    site.pages["/out"] = answer(status=302, location=location)
    await failing(site, "/out", tmp_path, DownloadFailed)


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "no such document"), (403, "expired"), (500, "500 Internal"), (429, "429 Too Many"), (799, "799")],
)
async def test_a_refusing_server_is_quoted_without_the_signature(site, tmp_path, status, said):
    site.pages["/a"] = answer(b"no", status=status)
    kind = DownloadInterrupted if status in {429, 500} else DownloadFailed
    message = await failing(site, "/a?signature=secret", tmp_path, kind)
    assert said in message
    assert "/a" in message
    assert "secret" not in message


async def test_an_announced_size_above_the_limit_is_refused_at_once(site, tmp_path):
    site.pages["/big"] = answer(b"", content_length=str(LIMIT + 1))
    message = await failing(site, "/big", tmp_path, DocumentTooLarge)
    assert "1,000,000" in message


async def test_a_document_of_exactly_the_limit_is_accepted(site, tmp_path):
    site.pages["/a"] = answer(b"x" * LIMIT)
    found = await fetcher(site).download(site.url("/a"), tmp_path / "out")
    assert found.size_bytes == LIMIT


async def test_an_endless_body_is_cut_at_the_limit(site, tmp_path):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while not site.over.is_set():
            sent.append(handler.wfile.write(b"x" * 65536))

    site.pages["/endless"] = endless
    await failing(site, "/endless", tmp_path, DocumentTooLarge)
    assert sum(sent) < 50 * LIMIT


async def test_a_body_shorter_than_announced_fails(site, tmp_path):
    site.pages["/short"] = answer(BODY, content_length=str(len(BODY) + 10))
    assert "broke off" in await failing(site, "/short", tmp_path, DownloadInterrupted)


async def test_a_body_longer_than_announced_ends_where_announced(site, tmp_path):
    site.pages["/long"] = answer(BODY, content_length="100")
    found = await fetcher(site).download(site.url("/long"), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == BODY[:100]
    assert found.size_bytes == 100


def _raw_deflate(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])),
        ("gzip", gzip.compress(BODY) + b"\0" * 20),
        ("deflate", zlib.compress(BODY)),
        ("deflate", _raw_deflate(BODY)),
        ("Identity", BODY),
    ],
)
async def test_a_packed_body_is_unpacked(site, tmp_path, encoding, packed):
    site.pages["/a"] = answer(packed, content_encoding=encoding)
    await fetcher(site).download(site.url("/a"), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == BODY


async def test_an_empty_packed_body_is_an_empty_document(site, tmp_path):
    site.pages["/a"] = answer(b"", content_encoding="gzip")
    found = await fetcher(site).download(site.url("/a"), tmp_path / "out")
    assert found.size_bytes == 0


async def test_a_large_packed_body_is_unpacked_whole(site, tmp_path):
    site.pages["/a"] = answer(gzip.compress(b"0" * LIMIT), content_encoding="gzip")
    found = await fetcher(site).download(site.url("/a"), tmp_path / "out")
    assert found.size_bytes == LIMIT


async def test_a_bomb_is_stopped_at_the_limit(site, tmp_path):
    site.pages["/bomb"] = answer(gzip.compress(b"\0" * 50 * LIMIT), content_encoding="gzip")
    await failing(site, "/bomb", tmp_path, DocumentTooLarge)


@pytest.mark.parametrize(
    ("encoding", "packed", "said"),
    [
        ("gzip", gzip.compress(BODY)[:-20], "ended early"),
        ("gzip", b"no gzip at all", "damaged"),
        ("br", b"anything", "'br'"),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY)), "'gzip, gzip'"),
    ],
)
async def test_a_body_that_cannot_be_unpacked_fails(site, tmp_path, encoding, packed, said):
    site.pages["/a"] = answer(packed, content_encoding=encoding)
    assert said in await failing(site, "/a", tmp_path, DownloadFailed)


async def test_a_server_that_never_answers_is_given_up(site, tmp_path):
    site.pages["/silent"] = lambda handler: site.over.wait(20)
    start = time.monotonic()
    await failing(site, "/silent", tmp_path, (DownloadFailed, DownloadInterrupted), total_timeout_s=0.3)
    assert time.monotonic() - start < 5


async def test_a_failure_of_the_moment_is_held_back_for_a_pause(site, tmp_path):
    site.pages["/busy"] = answer(status=503)
    start = time.monotonic()
    await failing(site, "/busy", tmp_path, DownloadInterrupted, pause_s=0.3)
    assert 0.3 <= time.monotonic() - start < 5


async def test_a_server_that_drips_is_given_up_at_the_deadline(site, tmp_path):
    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        while not site.over.wait(0.05):
            handler.wfile.write(b".")

    site.pages["/drip"] = drip
    assert "0.5 s" in await failing(site, "/drip", tmp_path, DownloadFailed, total_timeout_s=0.5)


async def test_nobody_listening_is_a_failed_download(site, tmp_path):
    with serving(Site()) as closed:
        pass
    with pytest.raises(DownloadInterrupted) as caught:
        await fetcher(closed).download(closed.url("/a?sig=secret"), tmp_path / "out")
    assert "broke off" in caught.value.message
    assert "secret" not in caught.value.message


async def test_what_is_no_http_is_a_failed_download(site, tmp_path):
    site.pages["/junk"] = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await failing(site, "/junk", tmp_path, DownloadInterrupted)


async def test_a_folder_that_is_not_there_is_our_failure(site, tmp_path):
    site.pages["/a"] = answer(BODY)
    with pytest.raises(Unavailable):
        await fetcher(site).download(site.url("/a"), tmp_path / "missing" / "out")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://0x7f.1/"]
)
async def test_forbidden_urls_are_not_fetched(url, tmp_path):
    with pytest.raises(UrlNotAllowed):
        await Fetcher(AddressGuard(), max_bytes=LIMIT).download(url, tmp_path / "out")


def _certificate(folder, host):
    """A self-signed certificate for a host name, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure_site(tmp_path, monkeypatch):
    """A site at https://docs.example, whose certificate is trusted."""
    certificate = _certificate(tmp_path, "docs.example")
    site = Site()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    monkeypatch.setattr(guard_module, "_certificates", lambda: ssl.create_default_context(cafile=certificate))
    with serving(site):
        yield site


def _named_fetcher():
    async def here(host, port):
        assert not _is_address(host)
        return ["127.0.0.1"]

    return Fetcher(AddressGuard(["*.example"], resolver=here), max_bytes=LIMIT)


def _is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def test_the_certificate_is_checked_for_the_name_not_the_address(secure_site, tmp_path):
    secure_site.pages["/a.pdf"] = answer(BODY)
    found = await _named_fetcher().download(
        secure_site.url("/a.pdf", "docs.example", "https"), tmp_path / "out"
    )
    assert found.size_bytes == len(BODY)
    assert secure_site.seen[0][1]["Host"] == f"docs.example:{secure_site.server_port}"
    with pytest.raises(DownloadFailed, match="certificate"):
        await _named_fetcher().download(secure_site.url("/a.pdf", "other.example", "https"), tmp_path / "out")


async def test_a_redirect_may_not_give_up_encryption(secure_site, tmp_path):
    secure_site.pages["/a"] = answer(status=302, location="http://docs.example/b")
    with pytest.raises(UrlNotAllowed, match="encryption"):
        await _named_fetcher().download(secure_site.url("/a", "docs.example", "https"), tmp_path / "out")
