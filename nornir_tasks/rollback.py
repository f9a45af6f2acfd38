"""rollback: an earlier revision becomes the candidate; plan and apply do the rest."""

from collections.abc import Iterable
from dataclasses import replace

from inventory.errors import InputError, Problem, UsageError
from nornir_tasks.scrub import REMOVED
from nornir_tasks.session import Files
from nornir_tasks.work import Work

_TABLES = "nftables.conf"


def going_back(work: Work, revision: str, devices: Iterable[str]) -> tuple[Work, tuple[str, ...]]:
    """The same work with the texts of `revision` as candidates, and the devices that it knows.

    UsageError when there is no such revision, or when it knows none of `devices`; InputError when
    a text of it lacks a secret that the program never knew.
    """
    kept = work.backups.read(revision)
    names = tuple(name for name in devices if name in kept)
    if not names:
        message = f"revision {revision} holds none of the chosen devices."
        hint = f"It holds {', '.join(sorted(kept))}."
        raise UsageError.of("REVISION", message, hint)
    problems = [
        Problem(f"{revision}:{name}/{file}", line, "", "a secret was removed when it was kept.")
        for name in names
        for file, text in kept[name].items()
        for line, content in enumerate(text.splitlines(), 1)
        if REMOVED in content
    ]
    if problems:
        raise InputError(tuple(problems))

    def candidate(name: str) -> Files:
        return kept[name]

    return replace(work, candidate=candidate, revision=f"rollback:{revision}"), names
