"""What a scenario needs that a lab has not: provisioning and the poller. Implemented in cli/."""

from collections.abc import Sequence
from typing import Protocol

from lab.scenario_schema import Edit


class Outside(Protocol):
    """The rest of the house, as scenarios see it. Each method: ImeretiError when it fails."""

    def change(self, edits: Sequence[Edit]) -> str:
        """Apply a change of the inventory to the running routers; what was done, in a few words."""

    def restore(self) -> None:
        """Apply the inventory as it stands, if a change was made."""

    def watch(self, on: bool) -> None:
        """Start the poller and wait for its first round, or stop it."""

    def step_clock(self, seconds: float) -> None:
        """Let the poller's clock jump."""

    def state(self, kind: str, name: str) -> str:
        """State of a link or device as the API gives it; empty when it is not known yet."""

    def incidents(self) -> list[tuple[str, str]]:
        """Kind and id of the cause of every incident that is not closed, sorted."""
