"""Run a program inside a node and have its words, or an error that names the node."""

import subprocess
from collections.abc import Sequence

from inventory.errors import LabError
from lab import netns
from lab.plan import LabPlan
from lab.state import LabState

TIMEOUT_S = 30.0
SAVED = "/etc/frr/frr.conf"
"""What a router starts with."""


def run(lab: LabState, plan: LabPlan, node: str, command: Sequence[str], text: str = "") -> str:
    """What the command prints; LabError when it fails or takes longer than TIMEOUT_S."""
    words = " ".join(command)
    enter = netns.exec_command(lab, plan.node(node))
    try:
        done = subprocess.run(
            [*enter, *command],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{node}: {words} did not end within {TIMEOUT_S:g} s.") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "it said nothing"
        raise LabError(f"{node}: {words} gave exit status {done.returncode}: {said}")
    return done.stdout


def configure(lab: LabState, plan: LabPlan, node: str, lines: Sequence[str]) -> None:
    """Enter configuration lines at a router, as a person does; LabError when one is refused."""
    said = run(lab, plan, node, ["vtysh", "-f", "/dev/stdin"], "\n".join([*lines, ""]))
    refused = [line for line in said.splitlines() if line.startswith("%") or "rror" in line]
    if refused:
        raise LabError(f"{node} refused a line: {refused[0].strip()}")


def running_configuration(lab: LabState, plan: LabPlan, node: str) -> list[str]:
    """Lines of what runs on a router, with its secrets."""
    return run(lab, plan, node, ["vtysh", "-c", "show running-config"]).splitlines()


def saved_configuration(lab: LabState, plan: LabPlan, node: str) -> list[str]:
    """Lines of what it would start with."""
    return run(lab, plan, node, ["cat", SAVED]).splitlines()


def stanza(lines: Sequence[str], opening: str) -> list[str]:
    """The lines below `opening` and deeper than it, without their indent."""
    found: list[str] = []
    inside = False
    for line in lines:
        if line == opening:
            inside = True
        elif inside and not line.startswith(" ") and line.strip() not in {"", "!"}:
            break
        elif inside:
            found.append(line.strip())
    return found
