"""The seam between a lab and what its routers run in: namespaces of our own, or containers.

All else is the same for both: the keeper, the patch panel in its network namespace, the
namespaces and containers of hosts and switches, and the places `/run/netns/<node>` and
`/run/nodes/<node>` in the keeper's mount namespace by which `lab.netns` enters a node.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lab import netns, preflight, scripts
from lab.plan import LabPlan, Node
from lab.state import Fault, LabState

Binds = Callable[[], Mapping[str, netns.Bind]]
"""What to mount where, by router."""


class Driver(Protocol):
    """How routers come to life and lose their power. A router: any node that runs FRRouting."""

    def check(self, folder: Path) -> None:
        """MachineError naming the first thing that this machine lacks, and what mends it."""

    def start(self, lab: LabState) -> None:
        """What has to run in the keeper's namespaces before any router; LabError."""

    def make_routers(
        self,
        lab: LabState,
        plan: LabPlan,
        routers: Sequence[Node],
        binds: Binds,
    ) -> None:
        """The panel, and `routers` with all their wires, which are joined when all have started.

        `binds` waits until the routers' folders are written: call it as late as can be.
        LabError names what failed.
        """

    def routing_step(self, plan: LabPlan, routers: Sequence[str], parallel: int) -> netns.Step:
        """Start the early daemons of new routers, at most so many at once, or wait for them.

        Its result: router -> exit status and words of their start.
        """

    def power_off(self, lab: LabState, plan: LabPlan, node: Node, faults: Sequence[Fault]) -> None:
        """End all of a node's processes at once; its neighbours lose their carrier."""

    def power_on(
        self,
        lab: LabState,
        plan: LabPlan,
        node: Node,
        faults: Sequence[Fault],
        bind: netns.Bind,
    ) -> None:
        """The node with its wires and what it saved, no daemon running; `faults` stay in force."""

    def grown(self, lab: LabState, plan: LabPlan) -> None:
        """The lab has come up: what it should have from now on."""

    def discard(self, folder: Path) -> None:
        """Remove what a lab leaves outside its folder once its processes have ended."""


class Namespaces:
    """Routers as small containers of our own: see lab.inside."""

    def check(self, folder: Path) -> None:
        preflight.check_machine(folder)

    def start(self, lab: LabState) -> None:
        """Nothing but the keeper is needed."""

    def make_routers(
        self,
        lab: LabState,
        plan: LabPlan,
        routers: Sequence[Node],
        binds: Binds,
    ) -> None:
        apart = [node.name for node in plan.nodes]
        steps = netns.panel_steps() + netns.node_steps(plan, routers, apart)
        netns.inside_lab(lab.keeper, lab.folder, steps)
        containers = netns.containers_step(routers, binds())
        netns.inside_lab(lab.keeper, lab.folder, [containers])

    def routing_step(self, plan: LabPlan, routers: Sequence[str], parallel: int) -> netns.Step:
        return netns.scripts_step(
            {name: scripts.start_early(plan, name) for name in routers}, parallel
        )

    def power_off(self, lab: LabState, plan: LabPlan, node: Node, faults: Sequence[Fault]) -> None:
        netns.inside_lab(lab.keeper, lab.folder, netns.power_off_steps(plan, node, faults))

    def power_on(
        self,
        lab: LabState,
        plan: LabPlan,
        node: Node,
        faults: Sequence[Fault],
        bind: netns.Bind,
    ) -> None:
        steps = netns.power_on_steps(plan, node, faults, bind)
        netns.inside_lab(lab.keeper, lab.folder, steps)

    def grown(self, lab: LabState, plan: LabPlan) -> None:
        """Nothing more."""

    def discard(self, folder: Path) -> None:
        """The kernel removed everything with the processes."""
