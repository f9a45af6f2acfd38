"""`configure replace` and `copy FILE running-config`, step by step.

Both are generators that yield after every line, so that whoever drives them can let time pass or
take the power away in the middle.
"""

from collections.abc import Generator
from dataclasses import dataclass, field

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Accepted, Complaint, Configuration
from lab.ios_standin.matching import Fault, Refusal
from lab.ios_standin.rendering import render
from lab.ios_standin.text_tree import is_configuration, logical_lines, rollback_commands

PASSES = 5
"""IOS gives up after that many."""

Steps = Generator[None, None, "Result"]


@dataclass(slots=True)
class Result:
    """How it went."""

    done: bool
    passes: int = 0
    failed: list[str] = field(default_factory=list)
    """Commands that were refused, in order."""
    messages: list[str] = field(default_factory=list)
    """What the device said about them, as it prints it."""
    valid: bool = True
    """False when the file is no whole configuration."""


def complaint_lines(line: str, outcome: Refusal | Complaint, margin: int) -> tuple[str, ...]:
    """What the terminal shows under a refused line; `margin` is the width of the prompt."""
    if isinstance(outcome, Complaint):
        return (outcome.text,)
    if outcome.fault is Fault.INCOMPLETE:
        return ("% Incomplete command.", "")
    if outcome.fault is Fault.AMBIGUOUS:
        return (f'% Ambiguous command:  "{line.strip()}"',)
    caret = " " * (margin + outcome.column) + "^"
    return caret, "% Invalid input detected at '^' marker.", ""


def _feed(configuration: Configuration, lines: tuple[str, ...], result: Result) -> Steps:
    path: tuple[Block, ...] = (configuration.root,)
    for line in lines:
        body = line.strip(" ")
        if not body or body.startswith("!"):
            continue
        if body == "end":
            break
        if body in ("exit", "exit-address-family"):
            path = path[:-1] or path
            continue
        outcome = configuration.apply(path, body)
        if isinstance(outcome, Accepted):
            path = outcome.path
        else:
            result.failed.append(line)
            result.messages += [body, *complaint_lines(body, outcome, 0)]
        yield
    return result


def merge(configuration: Configuration, text: str) -> Steps:
    """Takes every line of `text` in turn; refused ones are reported and passed over."""
    return (yield from _feed(configuration, tuple(logical_lines(text)), Result(done=True)))


def replace(configuration: Configuration, wanted: str) -> Steps:
    """Turns the configuration into `wanted`, in at most PASSES passes.

    A pass applies the textual difference. The work is done when the text is the same, or when what
    remains was accepted and changed nothing (a line that IOS keeps in another form).
    """
    if not is_configuration(wanted):
        return Result(done=False, valid=False)
    result = Result(done=True)
    before: tuple[str, ...] = ()
    for number in range(1, PASSES + 1):
        commands = rollback_commands(render(configuration), wanted)
        if not commands or (commands == before and not result.failed):
            return result
        before = commands
        result = Result(done=True, passes=number)
        yield from _feed(configuration, commands, result)
    if result.failed:
        result.done = False
    return result


def configuration_of(blank: Configuration, text: str) -> Result:
    """Fills a blank configuration from a file, as a device does when it boots."""
    steps = merge(blank, text)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result
