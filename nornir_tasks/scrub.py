"""What a backup keeps of a configuration: no secret, no noise. Pure.

Values that the program knows go back to their placeholders, also where IOS stores them otherwise;
what stands where a secret stands and is not known is removed, so that a password typed by hand is
not kept either.
"""

import re
from collections import Counter
from collections.abc import Hashable

from inventory.secrets import Secrets
from nornir_tasks.drivers.frr_text import Line, lines_in
from nornir_tasks.drivers.ios_text import unstored

REMOVED = "<removed>"
_VALUE = r"(?!(?:\d )?<<[A-Z][A-Z0-9_]*>>)\S+"
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?m)(message-digest-key \d+ md5 (?:\d )?){_VALUE}",
        rf"(?m)(neighbor \S+ password (?:\d )?){_VALUE}",
        rf"(?m)(^\s*key-string (?:\d )?){_VALUE}",
        rf"(?m)(ipv6 ospf6 authentication key-id \d+ hash-algo \S+ key ){_VALUE}",
        rf"(?m)(^\s*(?:enable )?(?:secret|password) (?:\d )?){_VALUE}",
        rf"(?m)(^username \S+ .*?(?:secret|password) (?:\d )?){_VALUE}",
        rf"(?m)(snmp-server user .*? auth (?:md5|sha|sha-2 \d+) ){_VALUE}",
        rf"(?m)(snmp-server user .*? priv (?:des|3des|aes \d+) ){_VALUE}",
        rf"(?m)(snmp-server community ){_VALUE}",
        rf"(?m)(^\s*(?:tacacs|radius)-server .*?key (?:\d )?){_VALUE}",
        r"(?m)(^createUser \S+ \S+ )(?!\"?<<[A-Z][A-Z0-9_]*>>)\S+",
        r"(?m)(^createUser \S+ \S+ \S+ \S+ )(?!\"?<<[A-Z][A-Z0-9_]*>>)\S+",
    )
)
_NOISE = re.compile(
    r"(?m)^(?:! (?:Last configuration change|NVRAM config last updated|No configuration change)"
    r".*|Building configuration\.\.\.|Current configuration ?:.*|ntp clock-period \d+|"
    r"!Time: .*|end)\s*\n?"
)
_ORDERED = ("access-list ",)


def scrubbed(text: str, secrets: Secrets, wanted: str = "") -> str:
    """`text` with placeholders for known values, without unknown ones, without noise.

    `wanted`: what should run there, placeholders and all; it tells which value is likely where.
    """
    clean = _NOISE.sub("", unstored(secrets.unfill(text), secrets.values, wanted))
    for place in _PLACES:
        clean = place.sub(rf"\1{REMOVED}", clean)
    return clean.strip("\n") + "\n"


def same_but_noise(name: str, old: str, new: str) -> bool:
    """Whether two scrubbed texts of the file `name` differ in nothing but the order of lines."""
    if old == new:
        return True
    if name == "nftables.conf":  # rules are read in order
        return False
    return _meaning(old) == _meaning(new)


def _meaning(text: str) -> Hashable:
    """Blocks in any order; the lines of a block in theirs, and numbered access lists in theirs."""
    top: Counter[str] = Counter()
    blocks: dict[tuple[str, ...], list[str]] = {}
    ordered: list[Line] = []
    for context, line in lines_in(text):
        if context:
            blocks.setdefault(context, []).append(line)
        elif line.startswith(_ORDERED):
            ordered.append((context, line))
        else:
            top[line] += 1
    return (
        frozenset(top.items()),
        frozenset((context, tuple(lines)) for context, lines in blocks.items()),
        tuple(ordered),
    )
