"""A run of verify as JUnit XML, which Jenkins, GitLab and others read: a test for each case."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cmdm_tui.harness.report.plain_text import to_plain_text
from cmdm_tui.harness.verify.comparison import Drift

_MAX_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """A case of the run: its kind and name, the drifts that fail it, and the others.

    `skipped` says why it was not judged; empty where it was.
    """

    kind: str
    name: str
    drifts: tuple[Drift, ...] = ()
    skipped: str = ""


def format_junit(
    title: str,
    cases: Iterable[JUnitCase],
    *,
    began: datetime,
    seconds: float,
    cut: str,
    properties: Iterable[tuple[str, str]],
) -> bytes:
    """Return the bytes of a JUnit file. `cut` says why the run was cut short; empty if it was not.

    A run that was cut short has a test that says so, so that no one takes it for complete.
    """
    kinds: dict[str, list[JUnitCase]] = {}
    for case in cases:
        kinds.setdefault(case.kind, []).append(case)
    stamp = began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suites = [
        _build_suite(f"{title}: {kind}", stamp, properties, [_build_test(one) for one in members])
        for kind, members in kinds.items()
    ]
    if cut:
        suites.append(_build_suite(f"{title}: run", stamp, properties, [_build_cut_test(cut)]))
    whole = ElementTree.Element(
        "testsuites", {"name": to_plain_text(title), "time": f"{seconds:.3f}"}
    )
    for number in ("tests", "failures", "errors", "skipped"):
        whole.set(number, str(sum(int(suite.get(number, "0")) for suite in suites)))
    whole.extend(suites)
    ElementTree.indent(whole)
    written: bytes = ElementTree.tostring(whole, "utf-8", xml_declaration=True)
    return written + b"\n"


def _build_suite(
    name: str,
    stamp: str,
    properties: Iterable[tuple[str, str]],
    tests: list[ElementTree.Element],
) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": to_plain_text(name), "timestamp": stamp})
    suite.set("tests", str(len(tests)))
    for number, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(number, str(sum(test.find(element) is not None for test in tests)))
    listed = ElementTree.SubElement(suite, "properties")
    for key, value in properties:
        ElementTree.SubElement(listed, "property", {"name": key, "value": to_plain_text(value)})
    suite.extend(tests)
    return suite


def _build_test(case: JUnitCase) -> ElementTree.Element:
    test = ElementTree.Element(
        "testcase", {"classname": to_plain_text(case.kind), "name": to_plain_text(case.name)}
    )
    if case.skipped:
        message = to_plain_text(case.skipped, _MAX_MESSAGE)
        ElementTree.SubElement(test, "skipped", {"message": message})
        return test
    lines = [to_plain_text(_format_drift(drift), _MAX_MESSAGE) for drift in case.drifts]
    failing = [drift for drift in case.drifts if drift.matters]
    if failing:
        message = to_plain_text(_format_drift(failing[0]), _MAX_MESSAGE)
        inside = ElementTree.SubElement(test, "failure", {"message": message, "type": "drift"})
        inside.text = "\n".join(lines)
    elif lines:
        ElementTree.SubElement(test, "system-out").text = "\n".join(lines)
    return test


def _build_cut_test(reason: str) -> ElementTree.Element:
    test = ElementTree.Element("testcase", {"classname": "run", "name": "goes-to-its-end"})
    message = to_plain_text(reason, _MAX_MESSAGE)
    ElementTree.SubElement(test, "error", {"message": message, "type": "cut-short"})
    return test


def _format_drift(drift: Drift) -> str:
    return f"{drift.severity}: step {drift.step}, {drift.place} {drift.message}"
