"""The elements of a JUnit file, whatever its tests are about.

The layout is the one that the Jenkins xUnit schema (junit-10.xsd) allows: `testsuites`, in it
`testsuite`, in it `testcase`.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from datetime import UTC, datetime

from cmdm_tui.harness.report.plain_text import to_plain_text

MAX_MESSAGE = 1_000
"""The characters of a message that are shown."""

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def build_suite(
    name: str,
    began: datetime,
    properties: Iterable[tuple[str, str]],
    tests: list[ElementTree.Element],
) -> ElementTree.Element:
    """Return a suite of these tests, with their counts, of a run that began at a moment."""
    stamp = began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ElementTree.Element("testsuite", {"name": to_plain_text(name), "timestamp": stamp})
    suite.set("tests", str(len(tests)))
    for number, element in _COUNTED.items():
        suite.set(number, str(sum(test.find(element) is not None for test in tests)))
    listed = ElementTree.SubElement(suite, "properties")
    for key, value in properties:
        ElementTree.SubElement(
            listed, "property", {"name": to_plain_text(key), "value": to_plain_text(value)}
        )
    suite.extend(tests)
    return suite


def build_test(classname: str, name: str) -> ElementTree.Element:
    """Return a test that has passed, as long as nothing is put into it."""
    names = {"classname": to_plain_text(classname), "name": to_plain_text(name)}
    return ElementTree.Element("testcase", names)


def build_cut_test(reason: str, kind: str = "cut-short") -> ElementTree.Element:
    """Return a test that says that the run did not end, so that no one takes it for complete."""
    test = build_test("run", "goes-to-its-end")
    message = to_plain_text(reason, MAX_MESSAGE)
    ElementTree.SubElement(test, "error", {"message": message, "type": kind})
    return test


def encode_suites(title: str, seconds: float, suites: list[ElementTree.Element]) -> bytes:
    """Return the bytes of a file of these suites; the run took `seconds`."""
    whole = ElementTree.Element(
        "testsuites", {"name": to_plain_text(title), "time": f"{seconds:.3f}"}
    )
    for number in ("tests", *_COUNTED):
        whole.set(number, str(sum(int(suite.get(number, "0")) for suite in suites)))
    whole.extend(suites)
    ElementTree.indent(whole)
    written: bytes = ElementTree.tostring(whole, "utf-8", xml_declaration=True)
    return written + b"\n"
