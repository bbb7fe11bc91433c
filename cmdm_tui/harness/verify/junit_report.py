"""A run of verify as JUnit XML, which Jenkins, GitLab and others read: a test for each case."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cmdm_tui.harness.report.junit_elements import (
    MAX_MESSAGE,
    build_cut_test,
    build_suite,
    build_test,
    encode_suites,
)
from cmdm_tui.harness.report.plain_text import to_plain_text
from cmdm_tui.harness.verify.comparison import Drift


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
    suites = [
        build_suite(f"{title}: {kind}", began, properties, [_build_test(one) for one in members])
        for kind, members in kinds.items()
    ]
    if cut:
        suites.append(build_suite(f"{title}: run", began, properties, [build_cut_test(cut)]))
    return encode_suites(title, seconds, suites)


def _build_test(case: JUnitCase) -> ElementTree.Element:
    test = build_test(case.kind, case.name)
    if case.skipped:
        message = to_plain_text(case.skipped, MAX_MESSAGE)
        ElementTree.SubElement(test, "skipped", {"message": message})
        return test
    lines = [to_plain_text(_format_drift(drift), MAX_MESSAGE) for drift in case.drifts]
    failing = [drift for drift in case.drifts if drift.matters]
    if failing:
        message = to_plain_text(_format_drift(failing[0]), MAX_MESSAGE)
        inside = ElementTree.SubElement(test, "failure", {"message": message, "type": "drift"})
        inside.text = "\n".join(lines)
    elif lines:
        ElementTree.SubElement(test, "system-out").text = "\n".join(lines)
    return test


def _format_drift(drift: Drift) -> str:
    return f"{drift.severity}: step {drift.step}, {drift.place} {drift.message}"
