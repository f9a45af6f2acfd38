"""Why two behaviours differ: the settings that changed, and the adjacencies that went. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from inventory.model import Network
from lab.behaviour import Behaviour, Difference, Kind, Setting, Subject
from lab.behaviour_promises import Broken

MOST = 4
"""Causes that one difference names; more would explain nothing."""
_ROUTING = frozenset({Kind.ROUTE, Kind.PATH, Kind.PREFIX, Kind.REACH})


class Causes:
    """What changed beneath the behaviour, asked for one difference at a time."""

    def __init__(self, old: Behaviour, new: Behaviour, network: Network) -> None:
        self._new, self._network = new, network
        self._settings = tuple(_changed(old, new))
        self._lost = tuple(
            subject
            for subject in sorted(old.facts.keys() - new.facts.keys())
            if subject.kind is Kind.ADJACENCY and not subject.what.startswith("bfd")
        )

    def of(self, difference: Difference) -> tuple[str, ...]:
        """The likely causes of a difference, the nearest first."""
        subject = difference.subject
        if subject.kind is Kind.ADJACENCY:
            return self._named(difference.about, subject)
        return self._routing(difference.about)

    def of_broken(self, broken: Broken) -> Broken:
        """The broken promise with its causes."""
        found = broken.causes
        if broken.promise in {"reachability", "isolation"}:
            lan, _, rest = broken.subject.partition(" -> ")
            found += self._gateways(lan, rest) + self._path(lan, rest)
        if not found:
            found += self._routing(broken.about)
        return replace(broken, causes=tuple(dict.fromkeys(found))[:MOST])

    def _named(self, about: Iterable[str], subject: Subject) -> tuple[str, ...]:
        devices, words = set(about), subject.what.split()
        near = [
            text
            for setting, text in self._settings
            if setting.device in devices
            and (setting.device != subject.where or setting.of in words)
        ]
        return tuple(dict.fromkeys(near))[:MOST]

    def _routing(self, about: Iterable[str]) -> tuple[str, ...]:
        """Routing is everybody's: what is named first, else all of it when that is little."""
        named = set(about)
        settings = [(setting.device, text) for setting, text in self._settings]
        lost = [(one.where, f"{one.where} lost {one.what}") for one in self._lost]
        near = [text for device, text in (*lost, *settings) if device in named]
        every = [text for _, text in (*lost, *settings)]
        return tuple(dict.fromkeys(near or every))[:MOST]

    def _gateways(self, lan: str, rest: str) -> tuple[str, ...]:
        """LANs at either end whose gateway is not where their hosts look for it."""
        target, family = _aim(rest)
        found: list[str] = []
        for name in (lan, target):
            one = self._network.lans.get(name)
            if one is None:
                continue
            has = self._new.settings.get(Setting(one.router, one.interface, "addresses"), "none")
            wanted = one.gateway4 if family == "IPv4" else one.gateway6
            if str(wanted) not in [address.partition("/")[0] for address in has.split(", ")]:
                found.append(
                    f"{name}'s gateway: expected {wanted} on {one.router} {one.interface}, "
                    f"found {has}"
                )
        return tuple(found)

    def _path(self, lan: str, rest: str) -> tuple[str, ...]:
        seen = self._new.facts.get(Subject(Kind.PATH, lan, " ".join(_aim(rest))))
        words = ("no route", "discards", "a loop", "nobody behind")
        if seen is not None and any(word in seen.value for word in words):
            return (f"the path ends on its way: {seen.value}",)
        return ()


def _aim(what: str) -> tuple[str, str]:
    """`hq-servers tcp/443 IPv4` -> (hq-servers, IPv4)."""
    words = what.split()
    return words[0], next(word for word in words if word.startswith("IPv"))


def _changed(old: Behaviour, new: Behaviour) -> Iterable[tuple[Setting, str]]:
    for setting in sorted(old.settings.keys() | new.settings.keys()):
        was, now = old.settings.get(setting, "none"), new.settings.get(setting, "none")
        if was != now:
            yield setting, f"{setting.device} {setting.of}: {setting.name} was {was}, is {now}"
