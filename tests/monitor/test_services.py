"""Services asked for real: HTTPS servers with certificates of the test's own, and names.

The name server is a stand-in of twenty lines over dnspython, as none is installed: one question,
one answer, UDP only.
"""

import asyncio
import datetime as dt
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType

import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inventory.model import Check, Name
from inventory.settings import ProbeSettings
from monitor.clock import SystemClock
from monitor.probes_icmp import open_here
from monitor.said import told
from monitor.services import Outcome, Services, ServiceStates
from monitor.services_check import Checker
from monitor.store.base import Change, Incident, Latest, Subject
from monitor.values import Fault, IncidentState, LatestKind, LinkState, Severity, SubjectKind
from tests.monitor.networks import default_network
from tests.monitor.test_probes import until
from tests.monitor.test_watch import running

HOST = "inmis.imereti.example"
LOOPBACK = IPv4Address("127.0.0.1")


def check(name: str = "portal", **fields: object) -> Check:
    """One whose server is here."""
    known: dict[str, object] = {
        "id": name, "name": Name(name, name), "site": None, "url": "", "address": LOOPBACK,
        "status": 200, "contains": "", "query": "", "answer": None,
    }  # fmt: skip
    return Check(**(known | fields))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Authority:
    """Makes certificates."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def server(self, days: float) -> ssl.SSLContext:
        """A context with a certificate for HOST that is valid for so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = certificate(HOST, key, self.certificate.subject, self.key, days, authority=False)
        file = self.folder / f"server{days:g}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    days: float,
    *,
    authority: bool,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=authority,
        crl_sign=authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(by, critical=False)
        .add_extension(usage, critical=True)
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the test's authority")])
    made = certificate("the test's authority", key, name, key, 365, authority=True)
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, made)


class Page(http.server.BaseHTTPRequestHandler):
    """Three pages."""

    def do_GET(self) -> None:
        self.send_response({"/": 200, "/broken": 500}.get(self.path, 404))
        body = f"<h1>INMIS</h1> at {self.headers['Host']}".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's)
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a web server on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def naming(addresses: dict[str, str]) -> Iterator[int]:
    """The port of a name server that knows `addresses`; what is `silent` gets no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def run() -> None:
            while True:
                data, sender = server.recvfrom(4096)
                if data == b"end":
                    return
                question = dns.message.from_wire(data)
                name = question.question[0].name.to_text(omit_final_dot=True)
                if name.startswith("silent"):
                    continue
                answer = dns.message.make_response(question)
                if name in addresses:
                    row = dns.rrset.from_text(question.question[0].name, 60, "IN", "A",
                                              addresses[name])  # fmt: skip
                    answer.answer.append(row)
                else:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                server.sendto(answer.to_wire(), sender)

        thread = threading.Thread(target=run)
        thread.start()
        port = int(server.getsockname()[1])
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ender:
                ender.sendto(b"end", ("127.0.0.1", port))
            thread.join(10)


def checker(authority: Authority, dns_port: int = 53, timeout_s: float = 10.0) -> Checker:
    return Checker(LOOPBACK, open_here, timeout_s, authority.file, dns_port=dns_port)


async def test_a_web_server_is_asked_for_status_body_and_certificate(authority: Authority) -> None:
    with naming({HOST: "127.0.0.1"}) as names, serving(authority.server(40)) as port:
        ask = checker(authority, names).ask
        url = f"https://{HOST}:{port}"
        good = await ask(check(url=f"{url}/", address=None, contains=f"INMIS</h1> at {HOST}"))
        assert good.problem == ""
        assert (good.status, round(good.certificate_days or 0)) == (200, 40)
        assert good.took_ms is not None
        assert (await ask(check(url=f"{url}/broken"))).problem == (
            "HTTP status - expected 200, found 500"
        )
        assert (await ask(check(url=f"{url}/nowhere", status=404))).problem == ""
        missing = (await ask(check(url=f"{url}/", contains="Welcome"))).problem
        assert missing == "its page does not contain: Welcome"
        assert told(missing, "ka") == "გვერდზე არ არის ტექსტი: Welcome"
        other = await ask(check(url=f"https://other.imereti.example:{port}/"))
        assert "Hostname mismatch" in other.problem


async def test_certificates_that_nobody_signed_or_that_are_over_are_refused(
    authority: Authority,
) -> None:
    with serving(authority.server(-1)) as port:
        over = await checker(authority).ask(check(url=f"https://{HOST}:{port}/"))
        assert over.problem == "certificate: certificate has expired"
    with serving(authority.server(30)) as port:
        stranger = Checker(LOOPBACK, open_here, 10)
        assert "certificate: " in (await stranger.ask(check(url=f"https://{HOST}:{port}/"))).problem
    with pytest.raises(ValueError, match="expected certificates in PEM"):
        Checker(LOOPBACK, open_here, 10, __file__)


async def test_servers_that_are_gone_silent_or_talk_nonsense(authority: Authority) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ask = checker(authority, timeout_s=0.5).ask
        silent = await ask(check(url=f"http://{HOST}:{port}/"))
        assert silent.problem == "no answer within 0.5 s"
        assert silent.took_ms is None
    gone = await ask(check(url=f"http://{HOST}:{port}/"))
    assert "Connect" in gone.problem

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01nonsense\r\n\r\n")
        writer.close()

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    ask = checker(authority).ask
    for answer, problem in ((nonsense, "does not speak HTTP"), (nothing, "can't be asked")):
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert problem in (await ask(check(url=f"http://{HOST}:{port}/"))).problem


async def test_names_are_looked_up(authority: Authority) -> None:
    with naming({HOST: "10.50.1.80"}) as port:
        ask = checker(authority, port, 0.5).ask
        right = check(query=HOST, answer=IPv4Address("10.50.1.80"))
        assert (await ask(right)).problem == ""
        assert (await ask(replace(right, answer=None, address=None))).problem == ""
        wrong = replace(right, answer=IPv4Address("10.50.1.81"))
        assert (await ask(wrong)).problem == "address - expected 10.50.1.81, found 10.50.1.80"
        assert "NXDOMAIN" in (await ask(check(query="nowhere.example"))).problem
        assert (await ask(check(query="silent.example"))).problem == "no answer within 0.5 s"


def states_of(*checks: Check) -> tuple[ServiceStates, frozenset[str]]:
    network = default_network()
    services = replace(network.region.services, checks=checks)
    network = replace(network, region=replace(network.region, services=services))
    opened = Incident(
        7, Subject(SubjectKind.SERVICE, "forgotten"), IncidentState.OPEN, Severity.MAJOR, 1.0,
        None, "it does not work", (),
    )  # fmt: skip
    return ServiceStates(network, [opened], 14), frozenset(network.sites["kut"].devices)


def test_a_service_is_down_after_two_failures_with_an_incident_and_comes_back() -> None:
    states, _ = states_of(check(url="https://portal/"))
    gone = states.changes()
    assert [(each.change, each.cause.id) for each in gone] == [(Change.CLOSE, "forgotten")]
    bad, none = Outcome("no answer within 10 s"), frozenset[str]()
    assert states.take("portal", bad, 1.0, none) is None
    entry = states.take("portal", bad, 2.0, none)
    assert entry is not None
    assert (entry.state, entry.fault, entry.reason) == (LinkState.DOWN, Fault.OWN, bad.problem)
    assert states.take("portal", bad, 3.0, none) is not None
    opened = states.changes()
    assert [(each.change, each.severity) for each in opened] == [(Change.OPEN, Severity.MAJOR)]
    assert opened[0].summary == "portal does not work (https://portal/)"
    entry = states.take("portal", Outcome("", 5.0, 200, 13.2), 4.0, none)
    assert entry is not None
    assert entry.state is LinkState.DEGRADED
    assert entry.reason == "certificate - expected at least 14 days, found 13"
    assert [each.change for each in states.changes()] == [Change.CLOSE]
    entry = states.take("portal", Outcome("", 5.0, 200, 200.0), 5.0, none)
    assert entry is not None
    assert entry.state is LinkState.UP


def test_a_service_of_a_site_that_is_out_of_reach_is_unknown_and_opens_nothing() -> None:
    states, there = states_of(check(url="https://portal/", site="kut"))
    states.changes()
    for at in (1.0, 2.0, 3.0):
        entry = states.take("portal", Outcome("no answer"), at, there)
        assert entry is not None
        assert (entry.state, entry.fault) == (LinkState.UNKNOWN, Fault.UPSTREAM)
    assert states.changes() == []


def test_outcomes_go_through_the_watch_into_ledger_and_incidents() -> None:
    world = running()
    service = world.network.region.services.checks[0].id
    for _ in range(2):
        world.watch.take_service(service, Outcome("no answer"))
        world.tick()
    assert world.state(SubjectKind.SERVICE, service).state is LinkState.DOWN
    assert world.changes()[-1] == ("open", service)
    world.watch.take_service(service, Outcome("", 3.0))
    world.tick()
    assert world.state(SubjectKind.SERVICE, service).state is LinkState.UP
    assert world.changes()[-1] == ("close", service)


async def test_every_service_is_asked_again_and_again(authority: Authority) -> None:
    with serving() as port:
        network = default_network()
        checks = (check("good", url=f"http://{HOST}:{port}/"),
                  check("bad", url=f"http://{HOST}:{port}/broken"))  # fmt: skip
        services = replace(network.region.services, checks=checks)
        network = replace(network, region=replace(network.region, services=services))
        taken: list[tuple[str, Outcome]] = []
        rows: list[Latest] = []
        asking = Services(
            network, ProbeSettings(services_interval_s=1), open_here, clock=SystemClock(),
            take=lambda name, outcome: taken.append((name, outcome)), tell=rows.append,
        )  # fmt: skip
        stop = asyncio.Event()
        running_on = asyncio.create_task(asking.run(stop))
        await until(lambda: len([1 for name, _ in taken if name == "good"]) >= 2 and len(taken) > 3)
        stop.set()
        await running_on
    assert all(bool(outcome.problem) is (name == "bad") for name, outcome in taken)
    assert {(row.kind, row.id) for row in rows} == {
        (LatestKind.SERVICE, "good"),
        (LatestKind.SERVICE, "bad"),
    }
    assert MappingProxyType(dict(rows[0].document)).keys() == {
        "took_ms", "status", "certificate_days",
    }  # fmt: skip
