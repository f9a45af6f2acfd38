"""Lines that IOS shows in another form than they were typed in.

Type 7 is the published reversible scheme of `service password-encryption`; type 9 is scrypt
(N 16384, r 1, p 1) in the alphabet of crypt. Both are what a real device computes, so a client can
check a password against a hash, or read a key back, as it would with real output.
"""

import base64
import hashlib
import random
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Network

from lab.ios_standin.matching import Word

_TYPE7_KEY = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CRYPT = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALL_ONES = "255.255.255.255"


def type7_encode(plain: str, offset: int) -> str:
    """`plain` under type 7, beginning at `offset` (0 to 15) of the key."""
    key = _TYPE7_KEY
    body = bytes(
        byte ^ key[(offset + place) % len(key)] for place, byte in enumerate(plain.encode())
    )
    return f"{offset:02d}{body.hex().upper()}"


def type7_decode(stored: str) -> str:
    """The plain text of a type 7 string; ValueError when it is none."""
    offset, body, key = int(stored[:2]), bytes.fromhex(stored[2:]), _TYPE7_KEY
    return bytes(byte ^ key[(offset + place) % len(key)] for place, byte in enumerate(body)).decode(
        "latin-1"
    )


def plain_key(stored: str) -> str:
    """The plain text of `KEY`, `0 KEY` or `7 HEX`, as the protocol that uses the key has it."""
    kind, _, rest = stored.partition(" ")
    if kind == "7" and rest:
        try:
            return type7_decode(rest)
        except ValueError:
            return rest
    return rest if kind == "0" and rest else stored


def type9(plain: str, chance: random.Random) -> str:
    """`$9$salt$hash` of `plain`, with a salt drawn from `chance`."""
    salt = "".join(chance.choice(_CRYPT) for _ in range(14))
    digest = hashlib.scrypt(plain.encode(), salt=salt.encode(), n=16384, r=1, p=1, dklen=32)
    standard = base64.b64encode(digest).decode().rstrip("=")
    return f"$9${salt}${standard.translate(str.maketrans(_STANDARD, _CRYPT))}"


def store_secret(words: Sequence[Word], chance: random.Random) -> tuple[Word, ...]:
    """A plain secret as type 9; one that is typed as a hash stays as it is."""
    kind, _, rest = words[-1].text.partition(" ")
    if rest and kind in ("4", "5", "8", "9"):
        return tuple(words)
    plain = rest if rest and kind == "0" else words[-1].text
    return (*words[:-1], Word(f"9 {type9(plain, chance)}", False, False))


def store_type7(
    words: Sequence[Word], chance: random.Random, *, encrypts: bool
) -> tuple[Word, ...]:
    """A key as type 7 while `service password-encryption` stands, else as it was typed."""
    kind, _, rest = words[-1].text.partition(" ")
    if rest and kind in ("6", "7", "8"):
        return tuple(words)
    plain = rest if rest and kind == "0" else words[-1].text
    if re.fullmatch(r"\S+ 7", plain):  # ntp authentication-key shows the type behind the key
        return tuple(words)
    text = f"7 {type7_encode(plain, chance.randrange(16))}" if encrypts else plain
    return (*words[:-1], Word(text, False, False))


def store_ace4(words: Sequence[Word]) -> tuple[Word, ...]:
    """An access list entry as IOS normalises it: any, host, and no bits under the wildcard."""
    stored: list[Word] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        is_pair = bool(waiting) and _is_ip(word.text) and _is_ip(waiting[0].text)
        if not is_pair or (stored and stored[-1].text == "host"):
            stored.append(word)
            continue
        stored.extend(_endpoint4(word, waiting.pop(0)))
    return tuple(stored)


def _endpoint4(address: Word, wildcard: Word) -> tuple[Word, ...]:
    if wildcard.text == _ALL_ONES:
        return (Word("any", address.identity, True),)
    if wildcard.text == "0.0.0.0":  # noqa: S104 - a wildcard mask, not an address to listen on
        return (Word("host", address.identity, True), address)
    kept = int(IPv4Address(address.text)) & ~int(IPv4Address(wildcard.text))
    return (Word(str(IPv4Address(kept)), address.identity, False), wildcard)


def store_ace4_standard(words: Sequence[Word]) -> tuple[Word, ...]:
    """An entry of a standard list: a lone host loses its keyword."""
    stored = store_ace4(words)
    return tuple(word for word in stored if word.text != "host")


def store_ace6(words: Sequence[Word]) -> tuple[Word, ...]:
    """An IPv6 entry: a /128 is a host, ::/0 is any."""
    stored: list[Word] = []
    for word in words:
        if "/" not in word.text or ":" not in word.text:
            stored.append(word)
            continue
        network = IPv6Network(word.text, strict=False)
        if network.prefixlen == 0:
            stored.append(Word("any", word.identity, True))
        elif network.prefixlen == 128:
            host = str(network.network_address).upper()
            stored += [Word("host", word.identity, True), Word(host, word.identity, False)]
        else:
            stored.append(word)
    return tuple(stored)


def _is_ip(text: str) -> bool:
    return re.fullmatch(r"\d+\.\d+\.\d+\.\d+", text) is not None
