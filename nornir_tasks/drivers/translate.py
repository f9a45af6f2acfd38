"""NAPALM's exceptions -> ours; none of NAPALM's crosses into the rest of the program."""

from napalm.base import exceptions as napalm

from inventory.errors import DeviceError
from nornir_tasks.errors import (
    AccessError,
    CandidateError,
    CommitError,
    PendingError,
    UnreachableError,
)

_OURS: tuple[tuple[type[Exception], type[DeviceError]], ...] = (
    (napalm.ConnectAuthError, AccessError),
    (napalm.ConnectionException, UnreachableError),
    (napalm.ReplaceConfigException, CandidateError),
    (napalm.MergeConfigException, CandidateError),
    (napalm.CommitConfirmException, PendingError),
    (napalm.CommitError, CommitError),
)
"""The first that fits; subclasses before their bases."""


def translated(device: str, error: Exception) -> DeviceError:
    """What `error` of NAPALM means for `device`."""
    said = " ".join(str(error).split()) or type(error).__name__
    for theirs, ours in _OURS:
        if isinstance(error, theirs):
            return ours(device, said)
    return DeviceError(device, said)
