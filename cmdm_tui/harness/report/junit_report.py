"""The report as JUnit XML, which Jenkins, GitLab and most others read: a test a check and call.

The layout is the one that the Jenkins xUnit schema (junit-10.xsd) allows: `testsuites`, in it a
`testsuite` for each call, in it a `testcase` for each check. A check that looked at no answer to
the call is skipped; the properties of a suite count its requests by input class.
"""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.report.plain_text import show_body, to_plain_text
from cmdm_tui.harness.report.results import (
    NOT_FINISHED,
    Failure,
    RunResults,
    describe_certainty,
)
from cmdm_tui.text import count_noun

NAME = "junit"
FILE = "junit.xml"

_MAX_MESSAGE = 1_000


def write(results: RunResults) -> bytes:
    """Return the file's bytes."""
    suites = [_build_suite(results, call) for call in results.calls]
    if results.ended is None or results.ended.is_cut:
        suites.append(_build_cut_suite(results))
    whole = ElementTree.Element(
        "testsuites", {"name": to_plain_text(results.title), "time": f"{results.seconds:.3f}"}
    )
    for number in ("tests", "failures", "errors", "skipped"):
        whole.set(number, str(sum(int(suite.get(number, "0")) for suite in suites)))
    whole.extend(suites)
    ElementTree.indent(whole)
    written: bytes = ElementTree.tostring(whole, "utf-8", xml_declaration=True)
    return written + b"\n"


def _build_suite(results: RunResults, call: Call) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": f"{to_plain_text(results.title)}: {call}"})
    tests = [_build_test(results, check, call) for check in results.checks] if _is_judged(
        results, call
    ) else []  # fmt: skip
    suite.set("tests", str(len(tests)))
    suite.set("failures", str(sum(test.find("failure") is not None for test in tests)))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(test.find("skipped") is not None for test in tests)))
    suite.set("timestamp", _format_start(results))
    suite.append(_build_properties(results, call))
    suite.extend(tests)
    return suite


def _build_cut_suite(results: RunResults) -> ElementTree.Element:
    """Return a suite that says that the run did not end, so that no one takes it for complete."""
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = ElementTree.Element(
        "testsuite", {"name": f"{to_plain_text(results.title)}: run", **counts}
    )
    suite.set("timestamp", _format_start(results))
    suite.append(_build_properties(results))
    test = ElementTree.SubElement(
        suite, "testcase", {"classname": "run", "name": "goes-to-its-end"}
    )
    reason = to_plain_text(results.ended.reason if results.ended else NOT_FINISHED, _MAX_MESSAGE)
    kind = "cut-short" if results.ended else "not-finished"
    ElementTree.SubElement(test, "error", {"message": reason, "type": kind})
    return suite


def _format_start(results: RunResults) -> str:
    return datetime.fromtimestamp(results.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _is_judged(results: RunResults, call: Call) -> bool:
    failed = {one.finding.call for one in results.failures}
    return call in results.examined or call in failed


def _build_properties(results: RunResults, call: Call | None = None) -> ElementTree.Element:
    properties = ElementTree.Element("properties")
    values = {"version": results.version}
    if results.started is not None:
        values |= {"seed": str(results.started.seed), "target": results.started.url}
    if call is not None:
        counts = {name: count for (one, name), count in sorted(results.sent.items()) if one == call}
        missing = [name for one, name in results.never_sent if one == call]
        values |= {f"requests {name}": str(count) for name, count in counts.items()}
        values |= {f"requests {name}": "0" for name in missing}
    for name, value in values.items():
        ElementTree.SubElement(
            properties, "property", {"name": to_plain_text(name), "value": to_plain_text(value)}
        )
    return properties


def _build_test(results: RunResults, check: str, call: Call) -> ElementTree.Element:
    test = ElementTree.Element("testcase", {"classname": f"{call}", "name": to_plain_text(check)})
    failures = results.failures_of(check, call)
    for failure in failures[:1]:
        message = to_plain_text(failure.finding.message, _MAX_MESSAGE)
        inside = ElementTree.SubElement(
            test, "failure", {"message": message, "type": to_plain_text(failure.finding.check)}
        )
        inside.text = _format_steps(failure)
    if results.is_unexplored(check, call):
        times = count_noun(results.broken[check, call], "answer")
        message = f"{times} found wrong; the run ended before that was examined"
        ElementTree.SubElement(test, "failure", {"message": message, "type": to_plain_text(check)})
    elif not failures and results.is_known(check, call):
        ElementTree.SubElement(test, "skipped", {"message": "known before the run"})
    elif not failures and not results.held.get((check, call)):
        message = "the check had nothing to judge: its premise never held"
        ElementTree.SubElement(test, "skipped", {"message": message})
    return test


def _format_steps(failure: Failure) -> str:
    lines = [
        f"{to_plain_text(failure.finding.message)} ({failure.state})",
        describe_certainty(failure.finding.certainty),
        "",
        *map(to_plain_text, failure.curl),
    ]
    if failure.exchanges:
        last = failure.exchanges[-1]
        answer = show_body(last.body) if last.status else to_plain_text(last.failure)
        lines += ["", f"answered {last.status}" if last.status else "no whole answer", answer]
    if failure.case is not None:
        lines += ["", f"case: {to_plain_text(str(failure.case))}"]
    return "\n".join(lines)
