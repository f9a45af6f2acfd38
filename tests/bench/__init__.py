"""Benchmarks: each module here measures one thing beside its goal and its peers, in one run.

A module exposes `run() -> Iterator[Figure]`, yields each figure as soon as it has it, and raises
`inventory.errors.MachineError` when this machine can't measure it. It writes only into temporary
folders and leaves no process behind. `python -m tests.bench` runs the modules of `BENCHES`.
"""

from dataclasses import dataclass

BENCHES = (
    "render",
    "lab",
    "boots",
    "containerlab",
    "plan",
    "plan_many",
    "poll",
    "poll_many",
    "poll_influx",
    "store",
    "api",
)
"""Modules of this package in the order that they run."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    """What was measured: `render of 76 devices, whole process`."""
    value: float
    unit: str
    """`s`, `ms of CPU a poll`, `MB`."""
    goal: float | None = None
    """What issue or design asks for, in the same unit; None where nothing is asked."""
    peers: tuple[tuple[str, float], ...] = ()
    """What else a user would take, measured in the same run: (name, value in the same unit)."""
    note: str = ""
    """How it was measured, where a reader must know."""
    more_is_better: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal
