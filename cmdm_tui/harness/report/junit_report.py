"""The report as JUnit XML, which Jenkins, GitLab and most others read: a test a check and call.

There is a suite for each call, in it a test for each check. A check that looked at no answer to the
call is skipped; the properties of a suite count its requests by input class.
"""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.report.junit_elements import (
    MAX_MESSAGE,
    build_cut_test,
    build_suite,
    build_test,
    encode_suites,
)
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


def write(results: RunResults) -> bytes:
    """Return the file's bytes."""
    suites = [_build_suite(results, call) for call in results.calls]
    if results.ended is None or results.ended.is_cut:
        suites.append(_build_cut_suite(results))
    return encode_suites(results.title, results.seconds, suites)


def _build_suite(results: RunResults, call: Call) -> ElementTree.Element:
    checks = results.checks if _is_judged(results, call) else ()
    tests = [_build_test(results, check, call) for check in checks]
    properties = _list_properties(results, call)
    return build_suite(f"{results.title}: {call}", _began(results), properties, tests)


def _build_cut_suite(results: RunResults) -> ElementTree.Element:
    test = (
        build_cut_test(results.ended.reason)
        if results.ended
        else build_cut_test(NOT_FINISHED, "not-finished")
    )
    properties = _list_properties(results)
    return build_suite(f"{results.title}: run", _began(results), properties, [test])


def _began(results: RunResults) -> datetime:
    return datetime.fromtimestamp(results.began, UTC)


def _is_judged(results: RunResults, call: Call) -> bool:
    failed = {one.finding.call for one in results.failures}
    return call in results.examined or call in failed


def _list_properties(results: RunResults, call: Call | None = None) -> list[tuple[str, str]]:
    values = {"version": results.version}
    if results.started is not None:
        values |= {"seed": str(results.started.seed), "target": results.started.url}
    if call is not None:
        counts = {name: count for (one, name), count in sorted(results.sent.items()) if one == call}
        missing = [name for one, name in results.never_sent if one == call]
        values |= {f"requests {name}": str(count) for name, count in counts.items()}
        values |= {f"requests {name}": "0" for name in missing}
    return list(values.items())


def _build_test(results: RunResults, check: str, call: Call) -> ElementTree.Element:
    test = build_test(call, check)
    failures = results.failures_of(check, call)
    for failure in failures[:1]:
        message = to_plain_text(failure.finding.message, MAX_MESSAGE)
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
