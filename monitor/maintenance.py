"""What a maintenance window covers. Pure."""

from collections.abc import Iterable, Mapping

from monitor.causes import device_subject, link_subject
from monitor.dependencies import Dependencies
from monitor.store.base import MaintenanceWindow, Subject
from monitor.values import SubjectKind


def covered(
    known: Dependencies, windows: Iterable[MaintenanceWindow], now: float
) -> Mapping[Subject, MaintenanceWindow]:
    """Every link and device in a window at `now`, with the window.

    A device's window covers its links, a site's window its devices and their links. Of several
    windows the one that ends last counts.
    """
    found: dict[Subject, MaintenanceWindow] = {}
    for window in sorted(windows, key=lambda each: each.end):
        if window.start <= now < window.end:
            for subject in subjects_of(known, window.subject):
                found[subject] = window
    return found


def subjects_of(known: Dependencies, subject: Subject) -> frozenset[Subject]:
    """Links and devices that a window on `subject` covers."""
    if subject.kind is SubjectKind.LINK:
        return frozenset({subject})
    if subject.kind is SubjectKind.SITE:
        devices = [device for device, site in known.site_of.items() if site == subject.id]
    elif subject.kind is SubjectKind.DEVICE:
        devices = [subject.id]
    else:
        return frozenset()
    links = {link for device in devices for link in known.links_of.get(device, ())}
    return frozenset({*map(device_subject, devices), *map(link_subject, links)})
