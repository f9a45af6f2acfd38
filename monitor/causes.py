"""From many symptoms to their causes. Pure.

Devices that don't answer fall into groups that hang together. What separates a group from those
who answer tells the cause: one link that is down hides the whole group behind it; a device whose
every link to those who answer is down has died; a device that a neighbour sees up and that is
silent all the same is itself at fault, and hides what hangs behind it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.dependencies import Dependencies
from monitor.store.base import Subject
from monitor.values import LinkState, SubjectKind

BLIND = Subject(SubjectKind.SERVICE, "monitoring")
"""The cause when nobody at all answers: more likely we than everybody."""
_CARRIES = frozenset({LinkState.UP, LinkState.DEGRADED})


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is broken, and what can't be reached or seen because of it."""

    subject: Subject
    affected: tuple[Subject, ...]
    involved: frozenset[str]
    """Devices whose answer, or silence, this rests on."""


def link_subject(link: str) -> Subject:
    """A link as the subject of a cause."""
    return Subject(SubjectKind.LINK, link)


def device_subject(device: str) -> Subject:
    """A device as the subject of a cause."""
    return Subject(SubjectKind.DEVICE, device)


def find_causes(
    known: Dependencies, silent: frozenset[str], links: Mapping[str, LinkState]
) -> tuple[Cause, ...]:
    """Every cause of what is `silent` (devices) and down (`links`), sorted by subject.

    Links are given as their ends report them; what is not known of a link may be left out.
    """
    everybody = frozenset(known.site_of)
    if len(everybody) > 1 and silent == everybody:
        return (Cause(BLIND, tuple(map(device_subject, sorted(silent))), everybody),)
    return _Search(known, silent, links).causes()


class _Found:
    """A cause while it is being looked for."""

    def __init__(self) -> None:
        self.affected: set[Subject] = set()
        self.involved: set[str] = set()


class _Search:
    def __init__(
        self, known: Dependencies, silent: frozenset[str], links: Mapping[str, LinkState]
    ) -> None:
        self._known, self._silent, self._links = known, silent, links
        self._found: defaultdict[Subject, _Found] = defaultdict(_Found)
        self._explained: set[str] = set()
        """Links that are down because of a device."""

    def causes(self) -> tuple[Cause, ...]:
        for group in self._groups():
            self._explain(group)
        for device in sorted(self._silent & self._known.direct):
            self._blame(device)
        down = [link for link, state in self._links.items() if state is LinkState.DOWN]
        for link in sorted(down):
            if link not in self._explained:
                self._found[link_subject(link)].involved.update(self._known.links[link])
        return tuple(
            Cause(subject, _ordered(found.affected - {subject}), frozenset(found.involved))
            for subject, found in sorted(self._found.items(), key=lambda item: _key(item[0]))
        )

    def _groups(self) -> list[frozenset[str]]:
        """Silent devices that hang together by links not known to be down."""
        left, groups = set(self._silent - self._known.direct), []
        for start in sorted(left):
            group, waiting = set(), [start]
            while waiting:
                device = waiting.pop()
                if device not in left:
                    continue
                left.discard(device)
                group.add(device)
                for link in self._known.links_of.get(device, ()):
                    if self._links.get(link) is not LinkState.DOWN:
                        waiting.extend(self._known.links[link])
            if group:
                groups.append(frozenset(group))
        return groups

    def _explain(self, group: frozenset[str]) -> None:
        border = [
            (link, device)
            for device in sorted(group)
            for link in self._known.links_of.get(device, ())
            if any(end not in self._silent for end in self._known.links[link])
        ]
        hidden = self._inside(group)
        involved = set(group) | {end for link, _ in border for end in self._known.links[link]}
        seen_up = {device for link, device in border if self._carries(link)}
        cut = {link for link, _ in border if self._links.get(link) is LinkState.DOWN}
        behind_cut = {device for link, device in border if link in cut}
        if seen_up:
            blamed = set(map(self._blame, seen_up))
        elif len(behind_cut) == 1 and len(cut) > 1:
            blamed = set(map(self._blame, behind_cut))
        elif cut:
            blamed = set(map(link_subject, cut))
        else:  # nobody who answers says anything of a link to them: each speaks for itself
            blamed = set(map(self._blame, group))
        for subject in blamed:
            self._found[subject].affected |= hidden - blamed
            self._found[subject].involved |= involved

    def _blame(self, device: str) -> Subject:
        """A dead device takes its links down with it: they are no causes of their own."""
        mine = self._known.links_of.get(device, ())
        alive = any(self._carries(link) for link in mine)
        lost = {
            link
            for link in mine
            if not self._carries(link) and not (alive and self._links.get(link) is LinkState.DOWN)
        }
        self._explained |= lost
        subject = device_subject(device)
        self._found[subject].affected.update(map(link_subject, lost))
        self._found[subject].involved |= {device, *self._known.neighbours(device)}
        return subject

    def _inside(self, group: frozenset[str]) -> set[Subject]:
        """The group's devices, and the links of which no end answers."""
        links = {link for device in group for link in self._known.links_of.get(device, ())}
        unseen = {
            link for link in links if all(end in self._silent for end in self._known.links[link])
        }
        return set(map(device_subject, group)) | set(map(link_subject, unseen))

    def _carries(self, link: str) -> bool:
        return self._links.get(link) in _CARRIES


def _key(subject: Subject) -> tuple[str, str]:
    return subject.kind, subject.id


def _ordered(subjects: set[Subject]) -> tuple[Subject, ...]:
    return tuple(sorted(subjects, key=_key))
