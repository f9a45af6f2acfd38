"""Lines as devices and programs really send them, by RFC 5424, RFC 3164 and Cisco IOS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.syslog import LONGEST, read_line


@pytest.mark.parametrize(
    ("datagram", "severity", "text"),
    [
        (
            "<189>45: *Nov 26 23:59:59.123: %LINK-3-UPDOWN: Interface Gi0/0/0, changed to up",
            3,
            "%LINK-3-UPDOWN: Interface Gi0/0/0, changed to up",
        ),
        (
            "<189>1234: zes-rtr1: Nov 26 2026 23:59:59.123 UTC: %SYS-5-CONFIG_I: Configured",
            5,
            "%SYS-5-CONFIG_I: Configured",
        ),
        (
            "<187>99: .Nov  6 03:04:05: %BGP-3-NOTIFICATION: sent to neighbor 192.0.2.2",
            3,
            "%BGP-3-NOTIFICATION: sent to neighbor 192.0.2.2",
        ),
        ("<189>7: %OSPF-5-ADJCHG: Process 1", 5, "%OSPF-5-ADJCHG: Process 1"),
        (
            "<30>1 2026-11-26T23:59:59.003Z zes-rtr1 ospfd 77 ADJ - \ufeffadjacency lost",
            6,
            "ospfd: adjacency lost",
        ),
        (
            '<27>1 2026-11-26T23:59:59Z h app - - [a@1 x="y\\]z"][b@2 q="r"] two elements',
            3,
            "app: two elements",
        ),
        ("<30>1 - - - - - -", 6, ""),
        ("<28>Nov  6 03:04:05 zes-rtr1 snmpd[812]: restarted", 4, "snmpd[812]: restarted"),
        ("<28>Nov 26 03:04:05 ospfd: restarted", 4, "ospfd: restarted"),
        ("no priority at all\n", 5, "no priority at all"),
        ("<999>too great", 5, "<999>too great"),
        ("", 5, ""),
    ],
)
def test_a_line_is_read(datagram: str, severity: int, text: str) -> None:
    assert read_line(datagram) == (severity, text)


@pytest.mark.parametrize(
    "line",
    [
        "<189>1: %PARSER-5-CFGLOG_LOGGEDCMD: logged command:enable secret 0 Hidden1",
        "<189>1: %PARSER-5-CFGLOG_LOGGEDCMD: logged command:username x password 7 Hidden1",
        "<13>login failed, password=Hidden1",
        "<13>snmp-server community Hidden1 RO",
        "<13>key-string 7 Hidden1",
        "<13>token: Hidden1",
    ],
)
def test_what_stands_after_password_and_the_like_is_not_kept(line: str) -> None:
    kept = read_line(line).text
    assert "Hidden1" not in kept
    assert "***" in kept


@given(st.text() | st.binary().map(lambda octets: octets.decode("utf-8", "replace")))
def test_anything_becomes_one_bounded_line(datagram: str) -> None:
    severity, text = read_line(datagram)
    assert 0 <= severity <= 7
    assert len(text) <= LONGEST
    assert not any(ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" for letter in text)


def test_a_line_without_end_costs_no_time() -> None:
    """Nothing here backtracks: 64 KB of what each pattern likes best."""
    for hard in ("<13>1 - - - - - " + "[a" * 30_000, "<13>" + "Nov " * 16_000,
                 "<13>" + "1: " * 20_000, "<13>" + "password " * 7_000):  # fmt: skip
        assert len(read_line(hard).text) <= LONGEST
