"""Names and ids that point elsewhere, bodies made of anything, and documents that are larger than they look."""

import io
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from documents import hostile
from documents.pdfs import pages_pdf
from recto.api.openapi import OPERATIONS

PATHS = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "....//....//etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "reducto://../secret.key",
    "reducto://../../secret.key.pdf",
    "jobid://../../x",
    "a\x00.pdf",
    "CON",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_name_leads_nowhere(http, guarded, path):
    before = set(guarded.data_dir.parent.rglob("*passwd*"))
    told = http.post("/upload", files={"file": (path, pages_pdf(1))})
    assert told.status_code in {200, 422}
    if told.status_code == 200:
        assert ".." not in told.json()["file_id"]
    assert set(guarded.data_dir.parent.rglob("*passwd*")) == before
    assert http.post("/parse", json={"input": path}).status_code in {404, 422}
    for route in ("/job/", "/upload/", "/recto/v1/objects/", "/recto/v1/results/", "/recto/v1/keys/"):
        told = http.request("GET" if "upload" not in route else "DELETE", route + path.replace("\x00", "%00"))
        assert told.status_code in {404, 405, 422}, told.text
        assert "root:" not in told.text
    assert http.post("/upload", params={"extension": path}, content=b"x").status_code in {200, 422}


def flat_png(width, height):
    """A picture of one colour: hundreds of megapixels in a few kilobytes."""

    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    packer, packed = zlib.compressobj(9), b""
    for _ in range(height):
        packed += packer.compress(bytes(1 + (width + 7) // 8))
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", packed + packer.flush())
        + chunk(b"IEND", b"")
    )


def endless_tiff():
    """A picture whose second page is its first."""
    buffer = io.BytesIO()
    Image.new("1", (64, 64)).save(buffer, "TIFF")
    data = bytearray(buffer.getvalue())
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    data[start + 2 + 12 * entries : start + 6 + 12 * entries] = start.to_bytes(4, "little")
    return bytes(data)


def test_bombs_are_refused_by_name_and_the_server_goes_on(http):
    bombs = {
        "wide.png": (flat_png(60_000, 20_000), {"IMAGE_TOO_LARGE"}),
        "tree.pdf": (hostile.endless_tree_pdf(), None),
        "circle.pdf": (hostile.circular_tree_pdf(), None),
        "claims.pdf": (hostile.claimed_pages_pdf(), None),
        "sheet.pdf": (hostile.endless_sheet_pdf(), None),
        "loop.tiff": (endless_tiff(), None),
    }
    for name, (content, names) in bombs.items():
        upload = http.post("/upload", files={"file": (name, content)}).json()["file_id"]
        told = http.post("/parse", json={"input": upload})
        if told.status_code != 200:
            error = told.json()["error"]
            assert error["name"] != "INTERNAL_ERROR", (name, error)
            assert names is None or error["name"] in names, (name, error)
        else:
            assert names is None, name
    upload = http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]
    assert http.post("/parse", json={"input": upload}).status_code == 200


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "input",
    "async",
    "settings",
    "enhance",
    "retrieval",
    "formatting",
    "spreadsheet",
    "parsing",
    "instructions",
)
POSTS = sorted(
    {one.path for one in OPERATIONS if one.method == "post" and one.requests and not one.multipart}
)
OWN = ("/recto/v1/pipelines", "/recto/v1/keys", "/recto/v1/organisations")


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from([*POSTS, *OWN]),
    body=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), ANYTHING, max_size=4) | ANYTHING,
)
def test_no_body_breaks_the_server(http, path, body):
    told = http.post(path, json=body)
    assert told.status_code < 500, (path, body, told.text)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(
        ["/jobs", "/recto/v1/audit", "/recto/v1/usage", "/recto/v1/keys", "/job/x", "/upload"]
    ),
    query=st.dictionaries(
        st.sampled_from(
            ["limit", "cursor", "before", "first", "last", "organisation", "timeout", "extension"]
        ),
        st.text(max_size=12) | st.integers().map(str),
        max_size=3,
    ),
)
def test_no_query_breaks_the_server(http, path, query):
    told = http.get(path, params=query)
    assert told.status_code < 500, (path, query, told.text)
