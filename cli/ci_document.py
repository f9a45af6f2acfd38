"""A judgement as JSON and as JUnit."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from cli.ci_facts import Fact
from cli.ci_judgement import BrokenPromise, Explained, Judgement
from cli.ci_revision import Revision

SUITE = "imereti ci"


def document(found: Judgement) -> dict[str, Any]:
    """The whole of it; the shape is described in docs/ci.md."""
    return {
        "verdict": found.verdict.value,
        "ok": found.verdict == "kept",
        "sentence": found.sentence,
        "reasons": list(found.broken_by),
        "unsure": found.unsure,
        "no_lab": found.no_lab or None,
        "base": _revision(found.base),
        "new": _revision(found.new),
        "fast": found.fast,
        "scope": None if found.scope is None else list(found.scope),
        "how": found.how,
        "errors": [asdict(one) for one in found.problems],
        "base_errors": [asdict(one) for one in found.base_problems],
        "changed": [_fact(one) for one in found.facts],
        "configurations": [
            {"device": one.device, "file": one.file, "change": one.change, "diff": one.diff}
            for one in found.texts
        ],
        "lab_configurations": [
            {"device": one.device, "file": one.file, "change": one.change, "diff": one.diff}
            for one in found.lab_texts
        ],
        "apply": found.applied.document if found.applied else None,
        "apply_problems": list(found.applied.problems) if found.applied else [],
        "refused": list(found.refused),
        "promises": [_broken(one) for one in found.broken],
        "differences": [_explained(one) for one in found.differences],
        "unfulfilled": [str(one) for one in found.declared.unfulfilled] if found.declared else [],
        "scenarios": [asdict(one) for one in found.scenarios],
        "remarks": found.remarks,
        "phases_s": found.phases,
    }


def _revision(one: Revision) -> dict[str, str]:
    return {"name": one.name, "commit": one.commit}


def _fact(one: Fact) -> dict[str, Any]:
    return {key: getattr(one, key) for key in ("file", "line", "key", "was", "now")}


def _broken(one: BrokenPromise) -> dict[str, Any]:
    broken = one.broken
    return {
        "promise": broken.promise,
        "subject": broken.subject,
        "expected": broken.expected,
        "found": broken.found,
        "before": broken.before,
        "causes": list(broken.causes),
        "lines": [_fact(fact) for fact in one.facts],
        "model": list(one.places),
        "evidence": [asdict(each) for each in broken.evidence],
    }


def _explained(one: Explained) -> dict[str, Any]:
    difference = one.difference
    return {
        "kind": difference.subject.kind.value,
        "where": difference.subject.where,
        "what": difference.subject.what,
        "change": difference.change,
        "was": difference.old.value if difference.old else None,
        "is": difference.new.value if difference.new else None,
        "declared": one.declared,
        "causes": list(one.causes),
        "lines": [_fact(fact) for fact in one.facts],
        "model": list(one.places),
        "evidence": [asdict(each) for each in one.evidence],
    }


def junit(found: Judgement) -> str:
    """One test case a thing that was judged, for the test view of a merge request."""
    suite = ET.Element("testsuite", name=SUITE)
    for name, seconds, failures in _cases(found):
        case = ET.SubElement(suite, "testcase", classname=SUITE, name=name, time=str(seconds))
        if failures:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            tag, message, _ = failures[0]
            said = ET.SubElement(case, tag, message=_xml(message) + more)
            said.text = _xml("\n\n".join(text for _, _, text in failures))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suite.set("time", str(round(sum(found.phases.values()), 1)))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


Failures = list[tuple[str, str, str]]


def _cases(found: Judgement) -> Iterator[tuple[str, float, Failures]]:
    problems = [("failure", str(one), str(one)) for one in found.problems]
    yield "the inventory validates and renders", found.phases.get("validate", 0), problems
    if found.problems:
        return
    stopped = [("error", reason, reason) for reason in (*found.unsure, found.no_lab) if reason]
    yield "the lab could judge it", found.phases.get("boot", 0), stopped
    refused: Failures = [("failure", one, one) for one in found.refused]
    if found.applied is not None and not found.applied.ok:
        refused += [("failure", one, one) for one in found.applied.problems]
    yield "provisioning brings the network to it", found.phases.get("apply", 0), refused
    if not found.broken:
        yield "every promise of the model is kept", found.phases.get("look again", 0), []
    for one in found.broken:
        yield f"{one.broken.promise}: {one.broken.subject}", 0, [_failure(one)]
    for scenario in found.scenarios:
        tag = "failure" if scenario.conclusive else "error"
        text = "\n".join(scenario.said)
        failed = [] if scenario.ok else [(tag, f"{scenario.name} failed", text)]
        yield f"scenario {scenario.name}", scenario.seconds, failed
    if found.declared is not None:
        undeclared = [
            ("failure", f"not declared: {one}", str(one)) for one in found.declared.undeclared
        ]
        missing = [
            ("failure", f"declared, and did not happen: {one}", str(one))
            for one in found.declared.unfulfilled
        ]
        yield "behaviour differs as declared, and no otherwise", 0, [*undeclared, *missing]


def _failure(one: BrokenPromise) -> tuple[str, str, str]:
    because = [f"because {cause}" for cause in (*one.broken.causes, *map(str, one.facts))]
    shown = [f"{each.where}# {each.command}\n{each.answer}" for each in one.broken.evidence]
    return "failure", str(one.broken), "\n".join([str(one.broken), *because, *shown])


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 has no place for."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)
