"""Compare what a router runs with what was rendered for it, and name the template of a bad line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import LabError
from lab import vty

_NOISE = frozenset({"", "!", "exit", "end", "exit-address-family", "exit-vrf"})
_OF_VTYSH = frozenset({"service integrated-vtysh-config"})
"""No daemon runs these: vtysh alone reads them."""
_HEADER = ("Building configuration...", "Current configuration:")
_REFUSED = re.compile(r"^line (\d+): (.*)$", re.MULTILINE)
_NFT = re.compile(r"nftables\.conf:(\d+):[\d-]+: Error: (.*)")
_JINJA = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One line that is not the same on the router and in the rendered file."""

    device: str
    file: str
    line: int
    """1-based line of the rendered file; 0 when the line is only on the router."""
    text: str
    """With the stanzas that it stands in, outermost first: `router ospf / timers ...`."""
    reason: str
    template: str = ""
    """`templates/frr/_ospf.j2:12`, when one template's line makes it."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        source = f" (from {self.template})" if self.template else ""
        return f"{self.device} {where}: {self.text!r} - {self.reason}{source}"


def refused(device: str, file: str, rendered: str, said: str) -> list[Difference]:
    """What vtysh complained of when it loaded the file, line by line."""
    lines = rendered.splitlines()
    return [
        Difference(device, file, number, lines[number - 1].strip(), reason.strip())
        for number, reason in ((int(one[1]), one[2]) for one in _REFUSED.finditer(said))
        if 0 < number <= len(lines)
    ]


def nft_refusal(said: str) -> tuple[int, str, str]:
    """Line, text and reason of the first thing that nft did not accept."""
    found = _NFT.search(said)
    if not found:
        return 0, "", said.strip()
    below = said[found.end() :].splitlines()
    return int(found[1]), below[1].strip() if len(below) > 1 else "", found[2].strip()


def running_configuration(run: Path) -> str:
    """What all daemons of a router run; LabError when one of them doesn't answer."""
    daemons = sorted(file.stem for file in (run / "frr").glob("*.vty") if file.stem != "watchfrr")
    try:
        return "\n".join(vty.show(run, daemon, "show running-config") for daemon in daemons)
    except OSError as error:
        raise LabError(f"{run.parent.name}: a routing daemon does not answer: {error}.") from None


def differences(device: str, file: str, rendered: str, running: str) -> list[Difference]:
    """Lines of either configuration that the other lacks, whatever their order."""
    wanted = dict(_statements(rendered))
    found = dict(_statements(running))
    lacking = [
        Difference(device, file, number, text, "expected it in the running configuration")
        for text, number in wanted.items()
        if text not in found
    ]
    surplus = [
        Difference(device, file, 0, text, "runs on the router, but was not rendered")
        for text in found
        if text not in wanted
    ]
    return sorted(lacking) + surplus


def _statements(text: str) -> Iterator[tuple[str, int]]:
    """Each statement with its stanzas before it, and its line."""
    stanzas: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words in _NOISE or words in _OF_VTYSH or words.startswith(_HEADER):
            continue
        indent = len(line) - len(line.lstrip())
        while stanzas and stanzas[-1][0] >= indent:
            stanzas.pop()
        stanzas.append((indent, words))
        yield " / ".join(stanza for _, stanza in stanzas), number


def template_of(templates: Path, platform: str, text: str) -> str:
    """The line of a template that makes `text`: the one with the most letters in common."""
    statement = text.rpartition(" / ")[2]
    best, origin = 0, ""
    for file in sorted((templates / platform).glob("*.j2")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            fixed = _JINJA.split(line.strip())
            weight = sum(map(len, fixed))
            pattern = ".*".join(map(re.escape, fixed))
            if weight > best and re.fullmatch(pattern, statement):
                best, origin = weight, f"{templates.name}/{platform}/{file.name}:{number}"
    return origin
