"""A line of a device's log: RFC 5424, RFC 3164, and what Cisco IOS sends. Pure.

Whatever a device sends becomes a line: what can't be read is kept as text, with the severity that
its PRI tells, or `notice`.
"""

import re
from typing import NamedTuple

LONGEST = 500
"""Characters that are kept of a line."""
NOTICE = 5
HIGHEST_PRI = 191
"""Facility 23, severity 7."""
_PRI = re.compile(r"^<(\d{1,3})>")
_RFC5424 = re.compile(
    r"^1 (?P<time>\S+) \S+ (?P<app>\S+) (?P<pid>\S+) \S+ (?P<data>-|\[(?:[^\]\\]|\\.)*\])+ ?",
    re.DOTALL,
)
_RFC3164 = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?(?=\S+:|\S+\[)")
_IOS = re.compile(
    r"^(?:\d+: )?(?:\S+: )?(?:[*.]?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?"
    r"(?: \w+)?: )?(?P<text>%(?P<facility>[A-Z0-9_]+(?:-[A-Z0-9_]+)*)-(?P<severity>[0-7])-"
    r"(?P<mnemonic>[A-Z0-9_]+): .*)$",
    re.DOTALL,
)
_HIDDEN = re.compile(
    r"(?i)\b(pass(?:word|phrase|wd)?|secret|community|key(?:-string)?|token|"
    r"auth(?:entication)?-key|psk)\b([ =:]+(?:\d+ )?)(\S+)"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Line(NamedTuple):
    """One line."""

    severity: int
    """0 emergency to 7 debug."""
    text: str
    """Without PRI, time and host, which the receiver knows better; secrets are stars."""


def read_line(datagram: str) -> Line:
    """The line in what was received; never fails, whatever that is."""
    text, severity = datagram.strip("\x00\r\n "), NOTICE
    pri = _PRI.match(text)
    if pri and int(pri[1]) <= HIGHEST_PRI:
        severity, text = int(pri[1]) % 8, text[pri.end() :]
    if ios := _IOS.match(text):
        return Line(int(ios["severity"]), clean(ios["text"]))
    if new := _RFC5424.match(text):
        app = "" if new["app"] == "-" else f"{new['app']}: "
        return Line(severity, clean(app + text[new.end() :].removeprefix("\ufeff")))
    if old := _RFC3164.match(text):
        text = text[old.end() :]
    return Line(severity, clean(text))


def clean(text: str) -> str:
    """One line of bounded length in which no word after `password` and the like can be read."""
    line = _CONTROL.sub(" ", text[: 4 * LONGEST]).strip()
    return _HIDDEN.sub(r"\1\2***", line)[:LONGEST]
