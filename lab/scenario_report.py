"""What came of scenarios: values, and the documents that are made from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

EXIT_PASSED, EXIT_BROKEN, EXIT_INCONCLUSIVE, EXIT_NO_LAB = 0, 1, 2, 3


OUTAGE_HEADS = (
    "what",
    "subject",
    "role",
    "ways through it",
    "outage",
    "to the Internet",
    "pings lost",
    "on mending",
    "all up again",
    "without another way",
)

OUTAGE_MEANING = (
    "Measured are pings, one every 10 ms, on up to twelve ways that lead through what fails: "
    "from users' hosts to the servers, and to the Internet. An outage is the longest row of "
    "lost pings on any of them; a dash: no such way leads through it while all is well. The "
    "Internet is reached by the default route, which routers with more than one way have from "
    "the border by iBGP, so that it follows the inner routes. OSPF has it, too, as an external "
    "one, which FRRouting reckons anew a whole second after the others. cut: both ends lose "
    "their carrier. silent: frames vanish, which BFD has to notice. down: a router loses its "
    "power. The last columns: the longest outage while it is mended, how long until every "
    "adjacency was up again and every ping answered, and which sites have no other way, by the "
    "model: they are without the network until it is mended."
)


class Verdict(StrEnum):
    """What one scenario says."""

    PASSED = "passed"
    BROKEN = "broken"
    """A promise does not hold, or an action failed."""
    INCONCLUSIVE = "inconclusive"
    """The lab did not converge, or the machine was too busy to measure."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    expected: str
    found: str
    evidence: tuple[str, ...] = ()
    """What was tried and what came back, a line each."""
    inconclusive: bool = False
    """Not ok, but for a reason that says nothing about the network."""


@dataclass(frozen=True, slots=True)
class OutageRow:
    """One line of the table of outages."""

    what: str
    """cut, silent or down."""
    subject: str
    """Id of the link, name of the device."""
    role: str
    alone: tuple[str, ...]
    """Sites that have no other way, so that they are cut off; by the model."""
    flows: int
    """Ways that were watched: those that led through the subject, by the model."""
    outage_ms: int | None
    """The longest on ways to servers; None when no such way led through it."""
    outside_ms: int | None
    """The longest on ways to the Internet, by the default route."""
    lost: int
    """Pings lost, all ways together, while it was broken."""
    sent: int
    back_ms: int
    """The longest outage when it was mended."""
    recovery_s: float
    """From mending until every adjacency was up and every ping answered."""


@dataclass(slots=True)
class ScenarioResult:
    """One scenario, done."""

    name: str
    title: str
    where: str
    """File and line."""
    verdict: Verdict = Verdict.PASSED
    seconds: float = 0.0
    outage_s: float | None = None
    """The longest that was measured."""
    measured: list[str] = field(default_factory=list)
    """Short notes for its line: `outage 310 ms`."""
    checks: list[Check] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)
    outages: list[OutageRow] = field(default_factory=list)
    bundle: Path | None = None

    def add(self, check: Check) -> None:
        """Take a check in; the verdict follows the worst."""
        self.checks.append(check)
        if check.ok or self.verdict is Verdict.BROKEN:
            return
        self.verdict = Verdict.INCONCLUSIVE if check.inconclusive else Verdict.BROKEN

    @property
    def failures(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check in self.checks if not check.ok]

    def line(self) -> str:
        """Its line in the terminal."""
        notes = ", ".join([f"{len(self.checks)} checks", *self.measured])
        return f"{self.verdict.value:12}  {self.name:28}  {self.seconds:6.1f} s  {notes}"

    def document(self) -> dict[str, Any]:
        """Its part of the JSON answer."""
        return {
            "name": self.name,
            "title": self.title,
            "where": self.where,
            "ok": self.verdict is Verdict.PASSED,
            "verdict": self.verdict.value,
            "seconds": round(self.seconds, 2),
            "outage_s": self.outage_s,
            "measured": self.measured,
            "bundle": str(self.bundle) if self.bundle else None,
            "outages": [_row_document(row) for row in self.outages],
            "checks": [
                {
                    "name": check.name,
                    "ok": check.ok,
                    "expected": check.expected,
                    "found": check.found,
                    "evidence": list(check.evidence),
                }
                for check in self.checks
            ],
        }


@dataclass(slots=True)
class RunResult:
    """All scenarios of a run."""

    results: list[ScenarioResult] = field(default_factory=list)
    boot_s: float = 0.0
    """How long the lab took to boot; 0 when one was up."""

    @property
    def exit_code(self) -> int:
        """The worst verdict: a broken promise, then an inconclusive scenario."""
        verdicts = {result.verdict for result in self.results}
        if Verdict.BROKEN in verdicts:
            return EXIT_BROKEN
        return EXIT_INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else EXIT_PASSED

    def count(self, verdict: Verdict) -> int:
        """How many scenarios have it."""
        return sum(result.verdict is verdict for result in self.results)

    def document(self) -> dict[str, Any]:
        """The JSON answer of `lab test`."""
        passed = self.count(Verdict.PASSED)
        return {
            "passed": passed,
            "failed": len(self.results) - passed,
            "broken": self.count(Verdict.BROKEN),
            "inconclusive": self.count(Verdict.INCONCLUSIVE),
            "boot_s": self.boot_s,
            "scenarios": [result.document() for result in self.results],
        }

    @property
    def outages(self) -> list[OutageRow]:
        """Every row that was measured."""
        return [row for result in self.results for row in result.outages]


def _row_document(row: OutageRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in OutageRow.__slots__}


def junit(run: RunResult) -> str:
    """The run as a JUnit file: a broken promise is a failure, an inconclusive one an error."""
    suite = ET.Element(
        "testsuite",
        name="imereti lab test",
        tests=str(len(run.results)),
        failures=str(run.count(Verdict.BROKEN)),
        errors=str(run.count(Verdict.INCONCLUSIVE)),
        time=f"{sum(result.seconds for result in run.results):.3f}",
    )
    for result in run.results:
        case = ET.SubElement(
            suite, "testcase", classname="lab", name=result.name, time=f"{result.seconds:.3f}"
        )
        if result.verdict is not Verdict.PASSED:
            kind = "failure" if result.verdict is Verdict.BROKEN else "error"
            first = result.failures[0] if result.failures else None
            told = f"{first.name}: {first.found}" if first else result.verdict.value
            bad = ET.SubElement(case, kind, message=told)
            bad.text = "\n".join(failure_lines(result.failures))
        out = ET.SubElement(case, "system-out")
        out.text = "\n".join([result.title, *result.measured, *result.timeline])
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def failure_lines(failures: Iterable[Check], evidence: int = 8) -> list[str]:
    """Each with what was expected, what was found, and some of the evidence."""
    lines: list[str] = []
    for check in failures:
        lines.append(f"{check.name}: expected {check.expected}, found {check.found}")
        lines += [f"    {line}" for line in check.evidence[:evidence]]
        if len(check.evidence) > evidence:
            lines.append(f"    and {len(check.evidence) - evidence} more")
    return lines


def outage_page(rows: Sequence[OutageRow], revision: str, at: datetime) -> str:
    """The page docs/outages.md: the table with what it means."""
    longest = max((row.outage_ms or 0 for row in rows), default=0)
    outside = max((row.outside_ms or 0 for row in rows), default=0)
    head = (
        f"Printed by `imereti lab test 'sweep-*' --table docs/outages.md` on {at:%Y-%m-%d}, "
        f"inventory {revision}. {len(rows)} single failures, one after the other, on real "
        f"routers. The longest outage: {longest} ms, to the Internet {outside} ms."
    )
    lines = ["# Outages, measured", "", head, "", OUTAGE_MEANING, "", *outage_table(rows), ""]
    return "\n".join(lines)


def outage_table(rows: Sequence[OutageRow]) -> list[str]:
    """The rows as a Markdown table."""
    lines = [f"| {' | '.join(OUTAGE_HEADS)} |", "|---|---|---|--:|--:|--:|--:|--:|--:|---|"]
    for row in rows:
        outage, outside = (
            "-" if value is None else f"{value} ms" for value in (row.outage_ms, row.outside_ms)
        )
        lines.append(
            f"| {row.what} | {row.subject} | {row.role} | {row.flows} | {outage} | {outside} | "
            f"{row.lost} of {row.sent} | {row.back_ms} ms | {row.recovery_s:.1f} s | "
            f"{', '.join(row.alone) or '-'} |"
        )
    return lines
