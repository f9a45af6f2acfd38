"""IOS's own difference, without the lines that IOS only shows otherwise. Pure.

A rendered configuration holds a secret as it is; the device shows it under type 7 (reversible), or
as a hash of type 8 or 9 (RFC 8018 PBKDF2, RFC 7914 scrypt). Both can be checked against the secret,
so such a pair of lines is no difference, and a wrong secret still is one. Likewise a banner is its
text, whatever character ends it, a default is not shown, and an SNMPv3 user is not either.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping

from inventory.secrets import names_in, placeholder
from nornir_tasks.drivers.frr_text import Line

_SECRET = re.compile(r"^(?P<stem>.*\b(?:secret|password|key-string|md5|key)) (?P<rest>\S.*)$")
_STORED = re.compile(r"^(?P<kind>[789]) (?P<value>\S+)(?P<tail>.*)$")
_BANNER = re.compile(r"^(banner \w+) (\^C|\S)")
_LOGGED = re.compile(r"^\s*\d+\s+\d+\s+(?P<user>\S+)\s*\|(?P<command>.*?)\s*$", re.MULTILINE)
_PREAMBLE = re.compile(r"(?s)Rollback Confirmed Change: Backing up.*?just configured\s*")
_HIDDEN_DEFAULTS = frozenset({"exec-timeout 10 0", "errdisable recovery interval 300"})
_SNMP_USER = re.compile(r"^snmp-server user (\S+) ")
_SNMP_USER_LINE = re.compile(r"(?m)^snmp-server user (\S+) ")
_SNMP_USER_SHOWN = re.compile(r"(?s)User name: (\S+).*?Group-name: (\S+)")
_TYPE7_KEY = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CRYPT = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PBKDF2_ROUNDS = 20_000
_SCRYPT_N = 16_384


def is_answer(text: str) -> bool:
    """Whether `text` is what the comparison prints, and not something else that has no signs."""
    return "Contextual Config Diffs" in text


def ended(text: str) -> str:
    """A configuration that `configure replace` takes for a whole one; a backup keeps no `end`."""
    return text if re.search(r"(?m)^end\s*\Z", text) else f"{text}end\n"


def without_preamble(said: str) -> str:
    """What `configure replace` said, from where it begins to tell how it went."""
    return _PREAMBLE.sub("", said)


def read_differences(text: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """`show archive config differences RUNNING CANDIDATE` -> (lines that go, lines that come)."""
    gone: list[Line] = []
    come: list[Line] = []
    context: list[tuple[int, str]] = []
    for raw in _whole_banners(text.splitlines()):
        body = raw.strip()
        if not body or body.startswith("!Contextual") or body == "!No changes were found":
            continue
        indent = len(raw) - len(raw.lstrip())
        sign, line = (body[0], body[1:]) if body[0] in "+-" else ("", body)
        while context and context[-1][0] >= indent:
            context.pop()
        where = tuple(outer for _, outer in context)
        if sign or body.startswith("!"):  # IOS tells of a changed order in comments
            (gone if sign == "-" else come).append((where, line))
        context.append((indent, line))
    return tuple(gone), tuple(come)


def without_stored_secrets(
    gone: Iterable[Line], come: Iterable[Line]
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Both without the pairs in which the one is the stored form of the other."""
    left_gone = list(gone)
    left_come: list[Line] = []
    for wanted in come:
        match = next((one for one in left_gone if one == wanted or _stores(one, wanted)), None)
        if match is None:
            left_come.append(wanted)
        else:
            left_gone.remove(match)
    return tuple(left_gone), tuple(left_come)


def without_unshown(come: Iterable[Line], snmp_users: frozenset[str]) -> tuple[Line, ...]:
    """Lines that come, less those that IOS has and does not show: defaults, SNMPv3 users."""
    return tuple(
        (context, line)
        for context, line in come
        if line not in _HIDDEN_DEFAULTS
        and not ((user := _SNMP_USER.match(line)) and user[1] in snmp_users)
    )


def brings_archive(gone: Iterable[Line], come: Iterable[Line]) -> bool:
    """Whether the device has no archive yet, which its revert timer needs."""
    had, has = (
        any(context == ("archive",) and line.startswith("path ") for context, line in lines)
        for lines in (gone, come)
    )
    return has and not had


def snmp_users_in(text: str) -> frozenset[str]:
    """Names of the SNMPv3 users that a configuration defines."""
    return frozenset(_SNMP_USER_LINE.findall(text))


def snmp_users_known(said: str) -> dict[str, str]:
    """`show snmp user` -> group by user."""
    return dict(_SNMP_USER_SHOWN.findall(said))


def who_typed(difference: str, log: str) -> tuple[str, ...]:
    """Who typed lines of `difference`, by `show archive log config all`; of several, the newest.

    A line that is missing was removed by its `no` form; one that replaced it stands for itself.
    """
    newest = {found["command"]: found["user"] for found in _LOGGED.finditer(log)}
    told: list[str] = []
    for line in difference.splitlines():
        body = line[1:].strip()
        for command in (body, f"no {body}", body.removeprefix("no ")):
            if line[:1] in "+-" and command in newest:
                told.append(f"{newest[command]} typed '{command}'")
                break
    return tuple(dict.fromkeys(told))


def _whole_banners(lines: Iterable[str]) -> Iterator[str]:
    """A banner as one line, its text between ^C: the device chooses the delimiter it shows."""
    waiting: list[str] = []
    delimiter = ""
    for line in lines:
        body = line.strip().lstrip("+-")
        found = None if waiting else _BANNER.match(body)
        if found:
            sign = line.strip()[0] if line.strip()[0] in "+-" else ""
            waiting, delimiter = [f"{sign}{found[1]}"], found[2]
            body = body[found.end() :].removeprefix("C") if delimiter == "^C" else ""
            if body.strip():
                waiting.append(body.strip())
        elif waiting:
            ended = body.endswith(delimiter)
            text = body.removesuffix(delimiter).strip()
            waiting += [text] if text else []
            if ended:
                yield f"{waiting[0]} ^C{' / '.join(waiting[1:])}^C"
                waiting = []
        else:
            yield line
    yield from waiting


def unstored(text: str, values: Mapping[str, str], wanted: str) -> str:
    """`text` with placeholders for the stored forms of `values`, which are by name.

    `wanted`: what should run, with its placeholders. Its name at the same place is tried first, as
    a hash takes some 20 ms.
    """
    likely = {
        found["stem"].strip(): names_in(found["rest"])
        for found in map(_SECRET.match, wanted.splitlines())
        if found
    }
    return "\n".join(_unstored(line, values, likely) for line in text.split("\n"))


def _unstored(line: str, values: Mapping[str, str], likely: Mapping[str, tuple[str, ...]]) -> str:
    found = _SECRET.match(line)
    stored = _STORED.match(found["rest"]) if found else None
    if not found or not stored:
        return line
    first = likely.get(found["stem"].strip(), ())
    for name in sorted(values, key=lambda name: name not in first):
        if is_stored_form(stored["kind"], stored["value"], values[name]):
            kind = "" if stored["kind"] == "7" else "0 "
            return f"{found['stem']} {kind}{placeholder(name)}{stored['tail']}"
    return line


def is_stored_form(kind: str, stored: str, plain: str) -> bool:
    """Whether `stored`, of IOS's type 7, 8 or 9, is what a device makes of `plain`."""
    try:
        if kind == "7":
            return _type7(stored) == plain
        _, _, salt, digest = stored.split("$")
        if kind == "8":
            made = hashlib.pbkdf2_hmac("sha256", plain.encode(), salt.encode(), _PBKDF2_ROUNDS)
        else:
            made = hashlib.scrypt(
                plain.encode(), salt=salt.encode(), n=_SCRYPT_N, r=1, p=1, dklen=32
            )
    except ValueError:
        return False
    text = base64.b64encode(made).decode().rstrip("=")
    return hmac.compare_digest(text.translate(str.maketrans(_STANDARD, _CRYPT)), digest)


def _stores(shown: Line, wanted: Line) -> bool:
    if shown[0] != wanted[0]:
        return False
    have, want = _SECRET.match(shown[1]), _SECRET.match(wanted[1])
    if not have or not want or have["stem"] != want["stem"]:
        return False
    stored = _STORED.match(have["rest"])
    plain = want["rest"].removeprefix("0 ")
    if not stored or not plain.endswith(stored["tail"]):
        return False
    plain = plain.removesuffix(stored["tail"]) if stored["tail"] else plain
    return is_stored_form(stored["kind"], stored["value"], plain)


def _type7(stored: str) -> str:
    offset, body = int(stored[:2]), bytes.fromhex(stored[2:])
    key = _TYPE7_KEY
    return bytes(b ^ key[(offset + place) % len(key)] for place, b in enumerate(body)).decode(
        "latin-1"
    )
