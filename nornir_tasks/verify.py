"""verify: operational state against the model, every declared check of every device."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any
from xml.etree import ElementTree as ET

from inventory.errors import ImeretiError
from nornir_tasks.checks import CheckResult, check_state, unreached
from nornir_tasks.probes import check_probes, probes_for
from nornir_tasks.session import Session
from nornir_tasks.work import Work


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every check, kept or not."""

    results: tuple[CheckResult, ...]

    @property
    def broken(self) -> tuple[CheckResult, ...]:
        """Promises that are not kept."""
        return tuple(result for result in self.results if not result.ok)

    def document(self) -> dict[str, Any]:
        """One JSON document."""
        broken = len(self.broken)
        return {
            "passed": len(self.results) - broken,
            "failed": broken,
            "checks": [_row(result) for result in self.results],
        }

    def junit(self) -> str:
        """JUnit's XML: a suite a device, a case a check."""
        root = ET.Element("testsuites")
        for device in sorted({result.device for result in self.results}):
            mine = [result for result in self.results if result.device == device]
            failures = str(sum(1 for result in mine if not result.ok))
            suite = ET.SubElement(
                root, "testsuite", name=device, tests=str(len(mine)), failures=failures
            )
            for result in mine:
                name = f"{result.check} {result.subject}".rstrip()
                case = ET.SubElement(suite, "testcase", classname=device, name=name)
                if not result.ok:
                    ET.SubElement(case, "failure", message=str(result))
        ET.indent(root)
        return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def verify(
    work: Work, devices: Iterable[str], done: Callable[[str], None] | None = None
) -> Verdict:
    """Ask every device, and probe from the LANs' hosts where there are any."""

    def step(session: Session) -> tuple[CheckResult, ...]:
        return check_state(work.network, session.device, session.state())

    def tell(device: str, _outcome: object) -> None:
        if done is not None:
            done(device)

    names = list(devices)
    results: list[CheckResult] = []
    for name, outcome in work.fleet.run(step, names, tell, keep_open=False).items():
        if isinstance(outcome, ImeretiError):
            results.append(unreached(name, work.secrets.mask(str(outcome))))
        else:
            results.extend(outcome)
    if work.prober is not None:
        sites = {work.network.devices[name].site for name in names}
        lans = {name for name in work.prober.lans() if work.network.lans[name].site in sites}
        results.extend(check_probes(work.prober.probe(probes_for(work.network, lans))))
    return Verdict(tuple(results))


def _row(result: CheckResult) -> dict[str, Any]:
    row = asdict(result)
    del row["slack"]
    return {**row, "message": str(result)}
