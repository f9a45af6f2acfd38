"""What can go wrong while devices are changed.

ImeretiError
|- RecordError           the audit log or the backup can't be written: nothing may be done
|- BusyError             somebody else is changing this device
`- DeviceError           one device failed; carries `device`
   |- UnreachableError   no session: address, port, time-out
   |- AccessError        a session was refused: credentials, host key, rights
   |- CandidateError     the device does not accept the text; nothing was changed
   |- CommitError        the change was begun and did not end as it should
   `- PendingError       the device itself still waits for another change to be confirmed
"""

from inventory.errors import DeviceError, ImeretiError


class RecordError(ImeretiError):
    """What is to be done can't be recorded, so it is not done; says which file, and why."""


class BusyError(ImeretiError):
    """Another process holds the lock of a device; `device` names it, the text names the owner."""

    def __init__(self, device: str, message: str) -> None:
        self.device = device
        super().__init__(f"{device}: {message}")


class UnreachableError(DeviceError):
    """No session to the device."""


class AccessError(DeviceError):
    """The device refused the session, or is not the device that it was."""


class CandidateError(DeviceError):
    """The device's own syntax check refused the candidate; nothing was changed."""


class CommitError(DeviceError):
    """A commit, confirm or revert did not end as it should."""


class PendingError(DeviceError):
    """A change on the device still waits for its confirmation."""
