"""Asks one service once: a web server over HTTP(S) (RFC 9110), or a name over DNS (RFC 1035)."""

import asyncio
import secrets
import socket
import ssl
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import httptools

from inventory.model import Check
from monitor.probes_icmp import OpenSocket
from monitor.said import say
from monitor.services import Outcome

LARGEST_BODY = 1 << 20
DNS_PORT, DNS_LARGEST = 53, 4096
DAY_S = 86_400
PORTS = {"http": 80, "https": 443}


class Checker:
    """How services are asked."""

    def __init__(
        self,
        resolver: IPv4Address,
        open_socket: OpenSocket,
        timeout_s: float,
        ca_file: str = "",
        *,
        wall: Callable[[], float] = time.time,
        dns_port: int = DNS_PORT,
    ) -> None:
        """`ca_file`: authorities besides the system's, in PEM; ValueError when it can't be read."""
        self._resolver, self._open_socket, self._timeout_s = resolver, open_socket, timeout_s
        self._wall, self._dns_port = wall, dns_port
        self._tls = ssl.create_default_context()
        if ca_file:
            try:
                self._tls.load_verify_locations(ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ValueError(f"{ca_file}: expected certificates in PEM: {error}") from None

    async def ask(self, check: Check) -> Outcome:
        """Never raises for what a service does: the outcome says it."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await (self._http(check) if check.url else self._dns(check))
        except TimeoutError:
            return Outcome(say("service.timeout", seconds=f"{self._timeout_s:g}"))
        except ssl.SSLCertVerificationError as error:
            return Outcome(say("service.certificate", why=error.verify_message))
        except (OSError, ValueError, EOFError, dns.exception.DNSException) as error:
            return Outcome(say("service.failed", why=str(error) or type(error).__name__))
        took_ms = (time.monotonic() - began) * 1000
        return Outcome(outcome.problem, took_ms, outcome.status, outcome.certificate_days)

    async def _http(self, check: Check) -> Outcome:
        url = urlsplit(check.url)
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        address = str(check.address) if check.address else await self._look_up(host)
        opened = await self._connect(address, port)
        tls = self._tls if url.scheme == "https" else None
        try:
            reader, writer = await asyncio.open_connection(
                sock=opened, ssl=tls, server_hostname=host if tls else None
            )
        except BaseException:
            opened.close()
            raise
        try:
            shown = f"{host}:{url.port}" if url.port else host
            path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {shown}\r\nUser-Agent: imereti\r\n"
                "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
            )
            status, body = await _response(reader)
            days = self._days_left(writer.get_extra_info("ssl_object"))
        finally:
            writer.close()
        return Outcome(_judged(check, status, body), status=status, certificate_days=days)

    async def _connect(self, address: str, port: int) -> socket.socket:
        opened = self._open_socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        opened.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(opened, (address, port))
        except BaseException:
            opened.close()
            raise
        return opened

    def _days_left(self, connection: ssl.SSLObject | None) -> float | None:
        certificate = connection.getpeercert() if connection else None
        until = certificate.get("notAfter") if certificate else None
        if not isinstance(until, str):
            return None
        return (ssl.cert_time_to_seconds(until) - self._wall()) / DAY_S

    async def _dns(self, check: Check) -> Outcome:
        found = await self._addresses(check.query, check.address or self._resolver)
        if check.answer and str(check.answer) not in found:
            listed = ", ".join(found) or "-"
            return Outcome(say("service.answer", expected=str(check.answer), found=listed))
        return Outcome("" if found else say("service.no_address", name=check.query))

    async def _look_up(self, name: str) -> str:
        """An address of a URL's host, from the region's resolver."""
        if name.replace(".", "").isdigit():
            return name
        found = await self._addresses(name, self._resolver)
        if not found:
            raise ValueError(f"{name} has no IPv4 address")
        return found[0]

    async def _addresses(self, name: str, server: IPv4Address) -> list[str]:
        question = dns.message.make_query(name, dns.rdatatype.A, id=secrets.randbelow(1 << 16))
        loop = asyncio.get_running_loop()
        with self._open_socket(socket.AF_INET, socket.SOCK_DGRAM, 0) as opened:
            opened.setblocking(False)
            await loop.sock_connect(opened, (str(server), self._dns_port))
            await loop.sock_sendall(opened, question.to_wire())
            answer = dns.message.from_wire(await loop.sock_recv(opened, DNS_LARGEST))
        if not question.is_response(answer):
            raise ValueError(f"{server} answers another question")
        if answer.rcode() != dns.rcode.NOERROR:
            raise ValueError(f"{server} answers {dns.rcode.to_text(answer.rcode())} for {name}")
        rows = [row for row in answer.answer if row.rdtype == dns.rdatatype.A]
        return [item.to_text() for row in rows for item in row]


def _judged(check: Check, status: int, body: bytes) -> str:
    if status != check.status:
        return say("service.status", expected=check.status, found=status)
    if check.contains and check.contains.encode() not in body:
        return say("service.body", text=check.contains)
    return ""


class _Parsed:
    """What httptools calls while it reads a response."""

    def __init__(self) -> None:
        self.body, self.done = bytearray(), False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.done = True


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body, of which at most LARGEST_BODY is read. ValueError, EOFError."""
    parsed = _Parsed()
    parser = httptools.HttpResponseParser(parsed)
    heard = False
    try:
        while not parsed.done and len(parsed.body) < LARGEST_BODY:
            part = await reader.read(65_536)
            if not part:
                break
            heard = True
            parser.feed_data(part)
    except httptools.HttpParserError as error:
        raise ValueError(f"it does not speak HTTP: {error}") from None
    if not heard or not parser.get_status_code():
        raise EOFError("it closed the connection without an answer")
    return int(parser.get_status_code()), bytes(parsed.body)
