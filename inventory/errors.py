"""The one tree of exceptions.

ImeretiError                what `except` catches at the command line and in HTTP handlers
|- InputError               somebody's file or words are wrong; carries every problem found
|  |- InventoryError        sites, links, groups, region
|  |- SettingsError         config.yaml or the environment
|  |- RenderError           a template is missing or fails, or its text can't be written
|  `- UsageError            the command line names something that is not there: exit status 64
|     `- SelectionError     its options that choose devices do
|- SecretError              a secret is missing, or kept where others can read it
|- MachineError             this machine lacks something; says the command that mends it
|- DeviceError              one device failed; carries `device`
|- LabError                 the virtual network did not come up, or is in the way
|- SnmpError                one SNMP exchange failed; carries `target`
`- StoreError               the database is away, locked, read-only or corrupt
"""

from dataclasses import dataclass

COMMAND_LINE = "command line"
"""`Problem.file` of what was typed."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in what a person wrote."""

    file: str
    """Path as the person would type it, relative to where the search began."""
    line: int
    """1-based; 0 when the problem belongs to the whole file or to none."""
    key: str
    """Dotted path of the key, `kut-zes.a.device`; empty for the whole file."""
    message: str
    """What was expected and what was found."""
    hint: str = ""
    """What to do: the nearest key, the nearest name, the command."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{where}:{key} {self.message}{hint}"


class ImeretiError(Exception):
    """Base of all that this program raises on purpose; its text is fit for a person."""


class InputError(ImeretiError):
    """Wrong input; `problems` holds every one of them, in the order of files and lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class InventoryError(InputError):
    """The inventory can't be used as it is."""


class SettingsError(InputError):
    """config.yaml or an IMERETI_ variable can't be used as it is."""


class RenderError(InputError):
    """A platform has no templates, one of them can't be rendered, or a file can't be written."""


class UsageError(InputError):
    """The command line names something that is not there, or lacks a word: exit status 64."""

    @classmethod
    def of(cls, key: str, message: str, hint: str = "") -> "UsageError":
        """One problem, of the option or the argument `key`."""
        return cls((Problem(COMMAND_LINE, 0, key, message, hint),))


class SelectionError(UsageError):
    """No device fits what the command line asks for."""


class SecretError(ImeretiError):
    """A secret is missing, or its file can be read by others. Never carries a value."""


class MachineError(ImeretiError):
    """This machine lacks a program or a right. The text ends with the command that mends it."""


class DeviceError(ImeretiError):
    """One device failed; the others go on."""

    def __init__(self, device: str, message: str) -> None:
        self.device = device
        super().__init__(f"{device}: {message}")


class LabError(ImeretiError):
    """The virtual network did not come up, or something is in its way."""


class SnmpError(ImeretiError):
    """An SNMP exchange gave no usable answer; `target` names the device."""

    def __init__(self, target: str, message: str) -> None:
        self.target, self.message = target, message
        super().__init__(f"{target}: {message}")


class StoreError(ImeretiError):
    """The database can't be read or written; says which file or address, and why."""
