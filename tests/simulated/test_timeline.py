"""The demo's script breaks one thing at a time, and mends what it broke."""

from itertools import islice
from pathlib import Path

from inventory.load import load_network
from lab.simulated import Simulation
from lab.simulator import obey
from lab.timeline import timeline
from tests.simulated.small import small_network


def test_every_fault_ends_before_the_next_begins(checkout: Path) -> None:
    steps = list(islice(timeline(load_network(checkout / "inventory")), 60))
    mends = {"cut": "heal", "damage": "heal", "power-off": "power-on"}
    for begin, end in zip(steps[::2], steps[1::2], strict=True):
        assert end.words == (mends[begin.words[0]], begin.words[1])


def test_the_simulation_obeys_every_step_of_the_default_network(checkout: Path) -> None:
    network = load_network(checkout / "inventory")
    simulation = Simulation(network)
    for step in islice(timeline(network), 90):
        assert obey(simulation, " ".join(step.words)) == "ok"


def test_a_network_of_two_routers_has_a_script_too() -> None:
    assert next(timeline(small_network())).words == ("cut", "a-b")


def test_an_unknown_command_is_refused_with_the_known_ones() -> None:
    refusal = obey(Simulation(small_network()), "explode a-b")
    assert refusal.startswith("error: expected `damage LINK ERRORS_PS` or one of cut, heal")
