"""What a playbook is handed, and how a playbook is found by its file's name.

A playbook is a module of `nornir_tasks/playbooks/` with a first line that says what it does,
`PARAMETERS` (name -> what it means), and `run(play)`. It changes devices only through
`play.apply`, that is through plan and apply, with all their checks and their record.
"""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from inventory.errors import COMMAND_LINE, Problem, UsageError
from inventory.model import Device, Network
from inventory.nearest import nearest
from nornir_tasks import playbooks
from nornir_tasks.change_inventory import InventoryEdit
from nornir_tasks.session import Files

REVERTED = 3


class PlayStopped(Exception):  # noqa: N818  (it is no error: its exit status says how it ended)
    """A step did not end well; the playbook goes no further."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(str(exit_code))


@dataclass(frozen=True, slots=True)
class Play:
    """One run of one playbook."""

    network: Network
    """As the devices run it."""
    devices: tuple[str, ...]
    """The selection."""
    arguments: Mapping[str, str]
    say: Callable[[str], None]
    apply_network: Callable[[Network, tuple[str, ...], bool], int]
    """Plan, show, ask, apply so that the devices run that network, True: all of them at one
    moment; an exit status."""
    verify_devices: Callable[[tuple[str, ...]], int]
    day_zero: Callable[[Device], Files]
    """Every file of a device with its secrets: what is loaded on a device that knows nothing."""
    forget_host_key: Callable[[str], None]
    answers: Callable[[str], bool]
    """Whether a session with the device can be opened."""
    applied_lines: Callable[[str], tuple[str, ...]]
    """Distinct lines beginning with a text of all that any apply here meant to run."""
    inventory: InventoryEdit
    sleep: Callable[[float], None]
    clock: Callable[[], float]

    def argument(self, name: str) -> str:
        """A parameter that must be given; UsageError when it is not."""
        if name in self.arguments:
            return self.arguments[name]
        message = f"expected {name}=VALUE, found none."
        raise UsageError.of(name, message, "See: imereti run --list")

    def named(self, name: str, known: Iterable[str]) -> str:
        """A parameter that must name one of `known`; UsageError with the nearest when not."""
        word, names = self.argument(name), list(known)
        if word in names:
            return word
        raise UsageError.of(name, f"there is no {name} '{word}'.", nearest(word, names))

    def apply(self, network: Network, devices: tuple[str, ...], *, together: bool = False) -> None:
        """Make `devices` run `network`; PlayStopped when that was reverted or failed.

        `together`: all in one batch and at one moment, as both ends of a link may need it.
        """
        code = self.apply_network(network, devices, together)
        if code != 0:
            raise PlayStopped(code)

    def verify(self, devices: tuple[str, ...]) -> None:
        """Every check of `devices`; PlayStopped when one is broken."""
        if self.verify_devices(devices) != 0:
            raise PlayStopped(1)

    def wait_for(self, device: str, timeout_s: float) -> None:
        """Until a session with `device` can be opened; PlayStopped after `timeout_s`."""
        deadline = self.clock() + timeout_s
        while not self.answers(device):
            if self.clock() > deadline:
                self.say(f"{device}: expected an answer within {timeout_s:g} s, found none")
                raise PlayStopped(1)
            self.sleep(1)


def all_playbooks() -> dict[str, ModuleType]:
    """Every playbook by its name on the command line."""
    found = pkgutil.iter_modules(playbooks.__path__)
    return {
        module.name.replace("_", "-"): import_module(f"{playbooks.__name__}.{module.name}")
        for module in sorted(found, key=lambda module: module.name)
    }


def playbook(name: str) -> ModuleType:
    """The playbook of that name; UsageError names the nearest."""
    known = all_playbooks()
    if name in known:
        return known[name]
    hint = nearest(name, list(known)) or f"Known: {', '.join(known)}."
    message = f"there is no playbook '{name}'."
    raise UsageError.of("PLAYBOOK", message, hint)


def parsed_arguments(module: ModuleType, words: list[str]) -> dict[str, str]:
    """KEY=VALUE words; UsageError for one that the playbook does not know."""
    parameters: Mapping[str, str] = module.PARAMETERS
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            problems.append(Problem(COMMAND_LINE, 0, word, "expected KEY=VALUE."))
        elif key not in parameters:
            hint = nearest(key, list(parameters)) or f"Known: {', '.join(parameters) or 'none'}."
            problems.append(Problem(COMMAND_LINE, 0, key, "unknown parameter.", hint))
        else:
            found[key] = value
    if problems:
        raise UsageError(tuple(problems))
    return found
