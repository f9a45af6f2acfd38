"""Names in scenarios against the lab that they would run in: every mistake with file and line."""

from collections.abc import Iterable, Iterator
from typing import Any

from inventory.errors import LabError, Problem
from inventory.marked_yaml import Key
from inventory.model import DeviceRole, LinkRole, Network
from inventory.nearest import nearest
from lab.endpoints import Endpoints
from lab.fault_kinds import checked
from lab.plan import LabPlan
from lab.scenario_files import Loaded, ScenarioError, at
from lab.scenario_schema import Expectation, FaultStep, Part, Step, Sweep


def check_names(scenarios: Iterable[Loaded], network: Network, plan: LabPlan) -> None:
    """ScenarioError with everything in `scenarios` that names what the lab does not have."""
    checker = _Checker(network, plan)
    problems = [problem for loaded in scenarios for problem in checker.problems(loaded)]
    if problems:
        raise ScenarioError(tuple(problems))


class _Checker:
    def __init__(self, network: Network, plan: LabPlan) -> None:
        self._network, self._plan = network, plan
        self._ends = Endpoints(network, plan)
        self._links = [*network.links, *(peer.id for peer in network.region.bgp.externals)]
        self._things = {*self._links, *network.devices}

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Of one file, in its order."""
        for number, fault in enumerate(loaded.scenario.given.faults):
            yield from self._fault(loaded, ("given", "faults", number), fault)
        for number, step in enumerate(loaded.scenario.steps):
            key: Key = ("steps", number)
            yield from self._step(loaded, key, step)
            for place, wanted in enumerate(step.expect):
                yield from self._expectation(loaded, (*key, "expect", place), wanted)

    def _step(self, loaded: Loaded, key: Key, step: Step) -> Iterator[Problem]:
        if step.fault is not None:
            yield from self._fault(loaded, (*key, "fault"), step.fault)
        if step.heal is not None and step.heal != "all":
            known = {*self._things, *self._ends.lans}
            yield from _unknown(loaded, (*key, "heal"), "target", step.heal, known)
        for number, flows in enumerate(step.traffic if isinstance(step.traffic, tuple) else ()):
            yield from self._part(loaded, (*key, "traffic", number), flows)
        if step.sweep is not None:
            yield from self._sweep(loaded, (*key, "sweep"), step.sweep)

    @staticmethod
    def _sweep(loaded: Loaded, key: Key, sweep: Sweep) -> Iterator[Problem]:
        roles = DeviceRole if sweep.what == "down" else LinkRole
        for number, role in enumerate(sweep.roles):
            known = [one.value for one in roles]
            yield from _unknown(loaded, (*key, "roles", number), "role", role, known)

    def _fault(self, loaded: Loaded, key: Key, fault: FaultStep) -> Iterator[Problem]:
        for message in checked(self._plan, fault.kind, fault.target, fault.parameters)[1]:
            where = (*key, "kind") if "there is no fault" in message else (*key, "target")
            yield at(loaded, where, message)

    def _expectation(self, loaded: Loaded, key: Key, wanted: Expectation) -> Iterator[Problem]:
        for name, field in type(wanted).model_fields.items():
            part = getattr(wanted, name)
            if isinstance(part, Part):
                yield from self._part(loaded, (*key, field.alias or name), part)

    def _part(self, loaded: Loaded, key: Key, part: Part) -> Iterator[Problem]:
        for name, field in type(part).model_fields.items():
            value = getattr(part, name)
            where = (*key, field.alias or name)
            if name in {"source", "to"}:
                yield from self._hosts(loaded, where, value)
            elif name == "link" and value is not None:
                yield from _unknown(loaded, where, "link", value, self._links)
            elif name == "device" and isinstance(value, str):
                yield from _unknown(loaded, where, "device", value, self._network.devices)
            elif name == "device" and value is not None:
                yield from self._hosts(loaded, where, value)
            elif name == "neighbour":
                yield from _unknown(loaded, where, "neighbour", value, self._things)
            elif name in {"through", "avoids"}:
                for number, one in enumerate(value):
                    known = self._things
                    yield from _unknown(loaded, (*where, number), "link or device", one, known)

    def _hosts(self, loaded: Loaded, key: Key, words: Any) -> Iterator[Problem]:
        for word in [words] if isinstance(words, str) else words:
            try:
                self._ends.named([word])
            except LabError as error:
                yield at(loaded, key, str(error))


def _unknown(
    loaded: Loaded, key: Key, noun: str, word: str, known: Iterable[str]
) -> Iterator[Problem]:
    known = list(known)
    if word not in known:
        yield at(loaded, key, f"there is no {noun} {word}.", nearest(word, known))
