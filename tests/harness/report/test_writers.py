"""The report files: what they hold, what they never hold, and hostile text in each of them."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.harness.fuzz.events import CheckFailed
from cmdm_tui.harness.oracle.check import Finding
from cmdm_tui.harness.report import (
    FORMATS,
    WRITERS,
    html_report,
    json_report,
    junit_report,
    write_reports,
)
from cmdm_tui.harness.report.console import ConsoleReporter
from cmdm_tui.harness.report.json_report import UnknownReport
from cmdm_tui.harness.report.results import RunResults
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from tests.harness.report.events import (
    ended,
    exchange,
    failure,
    made,
    results_of,
    short_run,
    started,
)

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></pre></title><svg onload=alert(1)>",
    "]]></failure><testcase/>",
    "&lt;b&gt; &amp; &#x3c;",
    "\x1b[31mred\x07 \x00 \x9b",
    "\u202egnp.exe \u2028 \ufeff",
    "\ud800 \udfff",
    "\ufffe \uffff \ufdd0 \U0001fffe",
    "javascript:alert(1) ' \" ` $(x) {{7*7}}",
]


class Page(HTMLParser):
    """An HTML page as a browser reads it: its elements, its attributes and its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(content.decode("utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_run(text: str) -> RunResults:
    body = text.encode("utf-8", "surrogatepass")
    last = exchange(
        9, "create", 500, path=f"/api/v1/lead/{text}", body=body, sent=b"\xff" + body,
        input_class=text, headers=(("x-odd", text),),
    )  # fmt: skip
    events = failure(text, check=text or "odd", last=last, curl=(f"curl {text}",))
    return results_of(started(text), made(exchange(1)), *events, ended(known=(text,), reason=text))


def test_all_three_are_written(tmp_path: Path) -> None:
    written = write_reports(results_of(*short_run()), tmp_path / "new" / "folder", LeakScanner())
    assert [path.name for path in written] == ["junit.xml", "report.json", "report.html"]
    assert all(path.stat().st_size for path in written)
    assert FORMATS == ("junit", "json", "html")


def test_only_the_formats_asked_for_are_written(tmp_path: Path) -> None:
    write_reports(results_of(*short_run()), tmp_path, LeakScanner(), ["json"])
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("place", ["message", "body", "path", "header", "curl", "reason"])
def test_no_report_is_written_with_a_secret_in_it(tmp_path: Path, place: str) -> None:
    secret = "s3cret-<&>-pässword"
    told = {name: secret if name == place else "odd" for name in
            ("message", "body", "path", "header", "curl", "reason")}  # fmt: skip
    last = exchange(
        9, "create", 500, path=told["path"], body=told["body"].encode(),
        headers=(("x", told["header"]),),
    )  # fmt: skip
    events = failure(told["message"], last=last, curl=(told["curl"],))
    results = results_of(started(), *events, ended(reason=told["reason"]))
    with pytest.raises(SecretLeak):
        write_reports(results, tmp_path, LeakScanner([secret]))
    assert list(tmp_path.iterdir()) == []
    # The same without the scanner's knowledge is written: it was the scanner that held it back.
    assert len(write_reports(results, tmp_path, LeakScanner(["another-secret"]))) == 3


@pytest.mark.parametrize("writer", WRITERS, ids=FORMATS)
@given(secret=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=6))
@settings(deadline=None, max_examples=25)
def test_the_guard_finds_any_secret_in_any_format(writer: object, secret: str) -> None:
    write = WRITERS[[id(one) for one in WRITERS].index(id(writer))].write
    last = exchange(9, "create", 500, body=f"so it is: {secret}".encode())
    content = write(results_of(started(), *failure(last=last)))
    with pytest.raises(SecretLeak):
        LeakScanner([secret]).check(content, "report")


# JUnit


def test_junit_has_a_test_for_each_check_and_call_that_was_made() -> None:
    root = ElementTree.fromstring(junit_report.write(results_of(*short_run())))
    tests = {(one.get("classname"), one.get("name")) for one in root.iter("testcase")}
    calls, checks = (
        ("get", "list", "create", "delete"),
        ("documented-shape", "never-5xx", "quota-falls"),
    )
    assert tests == {(call, check) for call in calls for check in checks}


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(junit_report.write(results_of(*short_run())))
    for part in (root, *root.iter("testsuite")):
        assert part.get("tests") == str(len(list(part.iter("testcase"))))
        assert part.get("failures") == str(len(list(part.iter("failure"))))
        assert part.get("skipped") == str(len(list(part.iter("skipped"))))
    # One is known, and three are of a check that had nothing to judge in that call.
    assert (root.get("failures"), root.get("skipped")) == ("1", "4")


def test_junit_counts_the_requests_of_each_input_class() -> None:
    root = ElementTree.fromstring(junit_report.write(results_of(*short_run())))
    (suite,) = [one for one in root.iter("testsuite") if one.get("name") == "cmdm fuzz: get"]
    values = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert values["requests valid"] == "1"
    assert values["requests id:traversal"] == "1"
    assert values["requests id:nul"] == "0"


def test_junit_tells_a_failure_with_its_steps() -> None:
    root = ElementTree.fromstring(junit_report.write(results_of(*short_run())))
    (failed,) = root.iter("failure")
    assert failed.get("message") == "The answer was 500."
    assert failed.get("type") == "never-5xx"
    assert "curl --request POST" in (failed.text or "")
    assert "answered 500" in (failed.text or "")


def test_junit_puts_elements_where_jenkins_allows_them() -> None:
    root = ElementTree.fromstring(junit_report.write(results_of(*short_run())))
    allowed = {
        "testsuites": {"testsuite"}, "testsuite": {"properties", "testcase"},
        "properties": {"property"}, "testcase": {"failure", "skipped"},
    }  # fmt: skip
    for parent in root.iter():
        assert {child.tag for child in parent} <= allowed.get(parent.tag, set())


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_is_well_formed_whatever_it_tells(text: str) -> None:
    root = ElementTree.fromstring(junit_report.write(hostile_run(text)))
    assert len(list(root.iter("failure"))) == 1
    assert {one.tag for one in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped",
    }  # fmt: skip


# JSON


def test_json_reads_back_as_it_was_written() -> None:
    results = results_of(*short_run())
    read = json_report.decode(json_report.write(results))
    assert read == json_report.build_document(results)
    assert (read.schema, read.version) == ("cmdm-report", 2)
    assert read.run is not None
    assert (read.run.seed, read.run.reason) == (7, "100 requests made")
    outcomes = {(one.check, one.call): one.outcome for one in read.checks}
    assert outcomes["never-5xx", "create"] == "failed"
    assert outcomes["quota-falls", "list"] == "known"
    assert outcomes["never-5xx", "get"] == "passed"
    assert outcomes["quota-falls", "get"] == "untested"
    assert {(one.call, one.input_class) for one in read.never_sent} == {
        ("get", "id:nul"), ("close", "valid"),
    }  # fmt: skip
    assert {(one.call, one.input_class): one.count for one in read.requests} == {
        ("get", "valid"): 1, ("get", "id:traversal"): 1, ("list", "valid"): 2,
        ("delete", "valid"): 1, ("create", "body:nan"): 2,
    }  # fmt: skip
    assert (read.sent_changes, read.accepted_changes) == (3, 0)
    assert [one.certainty for one in read.failures] == ["documented"]
    assert [len(one.steps) for one in read.failures] == [2]


def test_json_keeps_bytes_that_are_no_text() -> None:
    last = exchange(9, "create", 500, body=b"\xff\x00", sent="é".encode())
    (found,) = json_report.decode(json_report.write(results_of(*failure(last=last)))).failures
    assert (found.steps[-1].body, found.steps[-1].request_body) == (None, "é")
    assert base64.b64decode(found.steps[-1].body_base64 or "") == b"\xff\x00"


def test_json_of_another_version_is_refused_in_a_sentence() -> None:
    other = json_report.write(results_of()).replace(b'"version": 2', b'"version": 1', 1)
    with pytest.raises(UnknownReport, match=r"version 1; a 'cmdm-report' of version 2 can be read"):
        json_report.decode(other)
    with pytest.raises(UnknownReport, match="This is not a report"):
        json_report.decode(b"[]")


def test_json_with_keys_of_a_later_program_is_read() -> None:
    later = json_report.write(results_of()).replace(b"{", b'{"later": [1],', 1)
    assert json_report.decode(later).title == "cmdm fuzz"


@pytest.mark.parametrize("text", HOSTILE)
def test_json_is_json_whatever_it_tells(text: str) -> None:
    content = json_report.write(hostile_run(text))
    msgspec.json.decode(content)
    assert len(json_report.decode(content).failures) == 1


# HTML


def test_the_page_has_every_call_status_and_check() -> None:
    shown = Page(html_report.write(results_of(*short_run())))
    for word in ("get", "list", "create", "delete", "404", "500", *("never-5xx", "quota-falls")):
        assert word in shown.text
    assert "1 failure found" in shown.text
    assert "curl --request POST" in shown.text
    assert [tag for tag, _ in shown.elements].count("svg") == 3


def test_a_run_that_did_not_go_to_its_end_is_not_shown_as_passed() -> None:
    whole, cut = ended(), replace(ended(), is_cut=True, reason="The service is gone.")
    runs = {"passed": [started(), whole], "unfinished": [started(), cut]}
    for kind, events in runs.items():
        assert f'badge {kind}"' in html_report.write(results_of(*events)).decode()
    assert 'badge unfinished"' in html_report.write(results_of(started())).decode()
    assert results_of(started(), cut).outcome == "no failure found, and cut short"


def test_a_run_that_is_cut_short_says_so_in_its_last_line() -> None:
    lines: list[str] = []
    report = ConsoleReporter(lines.append, lines.append, lambda: results_of(started()))
    report(replace(ended(), is_cut=True, reason="The service is gone."))
    assert lines[-1] == "No failure, and cut short."
    assert "ended: The service is gone." in lines[-2]
    assert ".." not in lines[-2]


def test_the_page_has_a_mark_for_what_was_never_judged_or_sent() -> None:
    shown = Page(html_report.write(results_of(*short_run())))
    assert "Requests by call and input class" in shown.text
    # Three cells of the checks, two of the classes, and the two legends.
    assert shown.text.count("–") == 3 + 2 + 2
    assert "Never sent: 2 of 4 kinds of request: close valid, get id:nul." in shown.text


def test_the_page_needs_nothing_else() -> None:
    shown = Page(html_report.write(hostile_run("odd")))
    loading = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
    assert not loading & {tag for tag, _ in shown.elements}
    addresses = [
        value or ""
        for _, attributes in shown.elements
        for name, value in attributes.items()
        if name in {"href", "src", "srcset", "action", "data", "xlink:href"}
    ]
    assert addresses
    assert all(re.fullmatch(r"#failure-\d+", address) for address in addresses)


def test_the_page_s_policy_allows_its_own_style_and_nothing_else() -> None:
    content = html_report.write(results_of(*short_run())).decode()
    policy = next(
        attributes["content"]
        for tag, attributes in Page(content.encode()).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    style = re.findall(r"<style>(.*?)</style>", content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert len(style) == 1
    assert 'style="' not in content


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_told_in_the_page_becomes_markup(text: str) -> None:
    told, plain = (
        Page(html_report.write(hostile_run(text))),
        Page(html_report.write(hostile_run("odd"))),
    )
    assert {tag for tag, _ in told.elements} == {tag for tag, _ in plain.elements}
    names = {name for _, attributes in told.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", told.text)


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_any_text_leaves_every_format_well_formed(text: str) -> None:
    results = hostile_run(text)
    ElementTree.fromstring(junit_report.write(results))
    json_report.decode(json_report.write(results))
    Page(html_report.write(results))


def test_a_run_that_never_began_has_reports_too(tmp_path: Path) -> None:
    assert len(write_reports(results_of(), tmp_path, LeakScanner())) == 3
    assert "The run is not finished" in Page(html_report.write(results_of())).text


def test_what_was_seen_and_not_looked_into_is_no_pass() -> None:
    one = exchange(1, "list")
    finding = Finding("quota-falls", "The quota did not fall.", 1, "list")
    results = results_of(started(), made(one), CheckFailed(finding, one, "stateless"), ended())
    (failed,) = ElementTree.fromstring(junit_report.write(results)).iter("failure")
    assert failed.get("message", "").startswith("1 answer found wrong; the run ended")
    outcomes = {
        (check.check, check.outcome) for check in json_report.build_document(results).checks
    }
    assert ("quota-falls", "seen") in outcomes
    assert "○ 1" in Page(html_report.write(results)).text


@pytest.mark.parametrize("text", HOSTILE[:2])
def test_a_page_that_joined_texts_would_be_noticed(text: str) -> None:
    """The broken twin of `element`: with it, the test of hostile text could not pass."""
    sound = html_report.write(hostile_run("odd")).decode()
    joined = sound.replace("odd</b>", f"{text}</b>", 1)
    assert joined != sound
    try:
        told = {tag for tag, _ in Page(joined.encode()).elements}
    except AssertionError:
        return
    assert told & {"script", "img"}
