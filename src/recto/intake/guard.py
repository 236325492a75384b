"""A URL in, the addresses this server may connect to for it out; and a transport that connects nowhere else.

The rules for every outgoing request that a caller can aim: downloads of documents and webhook deliveries.
Without them anybody who may send a URL could read the cloud's metadata service or knock at machines behind
the firewall. The rule looks at the addresses a name resolves to, never at its spelling, and the connection
goes to exactly the addresses that were looked at. So a name that resolves differently the second time gains
nothing, and http://0x7f.1, http://2130706433 or http://[::ffff:127.0.0.1] are what they resolve to.

Never follows redirects and never reads bodies; see `fetch`. Sources: the IANA special-purpose registries
(RFC 6890, as the standard library's ipaddress knows them), RFC 6598 (100.64/10), RFC 3056 (6to4), RFC 4380
(Teredo), RFC 6052 (NAT64), RFC 5214 (ISATAP), RFC 4291 2.5.5 (IPv4 in IPv6).
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from recto.errors import DownloadFailed, InvalidConfig, UrlNotAllowed

SETTING = "RECTO_ALLOWED_HOSTS"

RESOLVE_TIMEOUT_S = 5.0
"""Seconds for the name server; a client's own two tries usually take as long."""

MAX_ADDRESSES = 8
"""Addresses of one name that are tried; more only lengthens the wait for a host that is down."""

MAX_PORT = 65535

SHOWN_CHARACTERS = 200
"""How much of a URL a message repeats."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name or address, in any spelling, and a port to the addresses it stands for; raises OSError."""

# Azure's platform services have a public address; those of other clouds lie in ranges refused anyway.
_PLATFORM_ADDRESSES = frozenset({ip_address("168.63.129.16")})

_SHARED = ip_network("100.64.0.0/10")
# Special ranges that ipaddress knows, or takes for private, only in some patch releases of Python.
_RESERVED = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b:1::/48",  # NAT64 inside one network
        "2001::/23",  # protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_ISATAP_INTERFACES = frozenset({0x00005EFE, 0x02005EFE})


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be requested, and the only addresses to connect to for it, the preferred one first.

    `host` is the name as certificates have it: lower case, IDNA encoded, an IPv6 address without brackets.
    """

    url: str
    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(slots=True)
class _Allowed:
    """The parsed allow-list; a port of None means any port."""

    names: set[tuple[str, int | None]] = field(default_factory=set)
    suffixes: list[str] = field(default_factory=list)
    networks: list[tuple[Network, int | None]] = field(default_factory=list)

    def name(self, host: str, port: int) -> bool:
        return (
            (host, None) in self.names
            or (host, port) in self.names
            or any(host.endswith(suffix) for suffix in self.suffixes)
        )

    def address(self, address: Address, port: int) -> bool:
        return any(
            address in network and allowed_port in {None, port} for network, allowed_port in self.networks
        )


class AddressGuard:
    """Decides which hosts this server connects to."""

    def __init__(self, allowed: Sequence[str] = (), resolver: Resolver | None = None) -> None:
        """Take what the operator allows beyond the public internet.

        An entry is a host name, `*.inner.example` (every name below it), an address, a network (10.0.0.0/8),
        or a name or address with a port (minio:9000, 10.0.0.7:80, [fd00::7]:80). An allowed name may resolve
        to any address. Raises InvalidConfig for an entry that is none of these.
        """
        self._allowed = _parse_allowed(allowed)
        self._resolver = resolver or _system_resolver

    async def resolve(self, url: str) -> Target:
        """Where the URL leads.

        Raises UrlNotAllowed when it is not an http(s) URL of a host or leads, even with one of several
        addresses, into a range that is neither public nor allowed; DownloadFailed when the name cannot be
        resolved.
        """
        parsed = _parsed(url)
        host = parsed.raw_host.decode("ascii").rstrip(".")
        port = parsed.port or _DEFAULT_PORTS[parsed.scheme]
        addresses = await self._addresses(host, port)
        if not self._allowed.name(host, port):
            for address in addresses:
                reason = refusal(address)
                if reason and not self._allowed.address(address, port):
                    raise UrlNotAllowed(
                        f"{host} (port {port}) is not reached from this server: it leads to {reason}. An"
                        f" operator can allow the host or its network with {SETTING}."
                    )
        return Target(url, host, port, tuple(str(address) for address in addresses))

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                found = await self._resolver(host, port)
        except TimeoutError as error:
            raise DownloadFailed(
                f"The address of {host} could not be looked up within {RESOLVE_TIMEOUT_S:g} s."
            ) from error
        except (OSError, UnicodeError) as error:
            raise DownloadFailed(
                f"The address of {host} could not be found: check the spelling of the host name, and that"
                " this server's name service knows it."
            ) from error
        addresses = [ip_address(text) for text in dict.fromkeys(found)]
        if not addresses:
            raise DownloadFailed(f"The host {host} has no address.")
        return addresses[:MAX_ADDRESSES]


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that asks the guard about every request and connects to the checked addresses only.

    The Host header and the certificate check stay on the host's name. Proxies of the environment are not
    used: a proxy would resolve names itself, behind the guard. SSL_CERT_FILE and SSL_CERT_DIR are obeyed, so
    private certificate authorities work. Raises what the guard raises, and httpx.TransportError.
    """

    def __init__(self, guard: AddressGuard) -> None:
        """Take the guard; use as a context manager or close with `aclose`."""
        self._guard = guard
        # Connections are pooled by address, and one made for another name at the same address has checked
        # that name's certificate: so none is ever used twice.
        self._inner = httpx.AsyncHTTPTransport(
            verify=_certificates(),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = await self._guard.resolve(str(request.url))
        failure: httpx.TransportError | None = None
        for address in target.addresses:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": target.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error  # nothing was sent yet: the next address may answer
        raise failure or httpx.ConnectError(f"{target.host} has no address")

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def _certificates() -> ssl.SSLContext:
    """The certificates to trust, read once: reading takes 20 ms."""
    return httpx.create_ssl_context()


def without_secrets(url: str) -> str:
    """The URL for a message: without user part, query and fragment, which may be secrets; and short."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", bare)[:SHOWN_CHARACTERS]


def refusal(address: Address) -> str | None:
    """Why an address is not the public internet ("a private address"), or None when it is."""
    inner = _embedded(address)
    reason = refusal(inner) if inner is not None else None
    if reason:
        return f"{reason} written as IPv6"
    if address in _NAT64:
        return None  # how machines without IPv4 reach the public IPv4 internet
    checks = (
        (address in _PLATFORM_ADDRESSES, "an address of the cloud platform itself"),
        (address.is_unspecified, "the unspecified address"),
        (address.is_loopback, "a loopback address"),
        (address.is_link_local, "a link-local address, as metadata services have"),
        (address.is_multicast, "a multicast address"),
        (address in _SHARED, "an address shared inside a provider's network"),
        (isinstance(address, IPv6Address) and address.is_site_local, "a private address"),
        (address.is_private, "a private address"),
        (
            address.is_reserved or not address.is_global or any(address in network for network in _RESERVED),
            "a reserved address",
        ),
    )
    return next((reason for applies, reason in checks if applies), None)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 address carries, for the forms that routers or hosts unpack; else None."""
    if not isinstance(address, IPv6Address) or address.is_loopback or address.is_unspecified:
        return None
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    carries_low = (
        address in _NAT64
        or address in _IPV4_COMPATIBLE
        or int(address) >> 32 & 0xFFFFFFFF in _ISATAP_INTERFACES
    )
    return low if carries_low else None


def _parsed(url: str) -> httpx.URL:
    """The URL with its scheme, host and user part checked."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UrlNotAllowed(f"{without_secrets(url)!r} is not a valid URL: {error}.") from error
    if parsed.scheme not in _DEFAULT_PORTS:
        scheme = f"{parsed.scheme}: URLs" if parsed.scheme else "references without a scheme"
        raise UrlNotAllowed(f"{without_secrets(url)!r} is not fetched: only http and https are, no {scheme}.")
    if parsed.port is not None and not 0 < parsed.port <= MAX_PORT:
        raise UrlNotAllowed(
            f"The URL of {parsed.raw_host.decode()} has port {parsed.port}; ports go from 1 to {MAX_PORT}."
        )
    if not parsed.raw_host.strip(b"."):
        raise UrlNotAllowed(f"{without_secrets(url)!r} names no host.")
    if parsed.userinfo:
        raise UrlNotAllowed(
            f"The URL of {parsed.raw_host.decode()} carries a user name or password; those are not sent."
            " Use a presigned URL, or upload the file."
        )
    return parsed


async def _system_resolver(host: str, port: int) -> list[str]:
    """The addresses the operating system finds for a host, in its order of preference."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _parse_allowed(entries: Sequence[str]) -> _Allowed:
    allowed = _Allowed()
    for entry in entries:
        text = entry.strip().lower()
        if text:
            _add_entry(allowed, text)
    return allowed


def _add_entry(allowed: _Allowed, text: str) -> None:
    wrong = InvalidConfig(
        f"{SETTING} has the entry {text!r}; entries are host names, *.inner.example, addresses, networks"
        " such as 10.0.0.0/8, or a name or address with a port. 0.0.0.0/0 and ::/0 allow every address."
    )
    try:
        allowed.networks.append((ip_network(text.strip("[]"), strict=False), None))
    except ValueError:
        pass
    else:
        return
    name, port = _split_port(text, wrong)
    if name.startswith("*."):
        if port is not None or len(name) == len("*.") or "*" in name[1:]:
            raise wrong
        allowed.suffixes.append(name[1:])
        return
    try:
        allowed.networks.append((ip_network(name.strip("[]"), strict=False), port))
    except ValueError:
        allowed.names.add((_ascii_name(name, wrong), port))


def _split_port(text: str, wrong: InvalidConfig) -> tuple[str, int | None]:
    name, colon, port = text.rpartition(":")
    if not colon:
        return text, None
    if not port.isascii() or not port.isdigit() or "/" in name or not 0 < int(port) <= MAX_PORT:
        raise wrong
    return name, int(port)


def _ascii_name(name: str, wrong: InvalidConfig) -> str:
    """The host name as URLs carry it: IDNA encoded, without a final dot."""
    if not name or any(character in "*/@:?#[] " for character in name):
        raise wrong
    try:
        return httpx.URL(f"http://{name.rstrip('.')}/").raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise wrong from error
