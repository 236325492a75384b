"""Addresses that a document must not be fetched from, in the forms attackers write them, through the public API."""

import re

import pytest

FORBIDDEN = (
    "http://127.0.0.1/a.pdf",
    "http://127.0.0.2:8000/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://localhost/",
    "http://LOCALHOST:80/",
    "http://localhost./",
    "http://foo.localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/latest/meta-data/",
    "http://100.64.0.1/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://user@127.0.0.1/",
    "http://8.8.8.8@127.0.0.1/",
    "http://127.0.0.1#@8.8.8.8/",
    "http://127.0.0.1\\@8.8.8.8/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:5432/_x",
    "ftp://127.0.0.1/a",
)


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_document_is_not_fetched_from(http, url):
    told = http.post("/parse", json={"input": url})
    error = told.json()["error"]
    no_host = re.search("could not be found|Invalid", error["message"])  # a name that resolves to nothing
    assert error["name"] in {"URL_NOT_ALLOWED", "INVALID_CONFIG"} or no_host, told.text
    assert told.status_code in {403, 422} or no_host


@pytest.mark.parametrize("url", [one for one in FORBIDDEN if one.startswith("http")][::4])
def test_nor_is_a_webhook_sent_there(http, url):
    body = {"input": "https://example.com/a.pdf", "async": {"webhook": {"mode": "direct", "url": url}}}
    assert http.post("/parse_async", json=body).status_code in {403, 422}
