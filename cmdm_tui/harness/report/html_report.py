"""The report as one HTML page that needs nothing else: no script, no font, no network.

Everything that a service answered is in it as text. Should something get through all the same, the
page's own policy (Content Security Policy Level 3) forbids every script and every address.
"""

import base64
import hashlib
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree.ElementTree import Element

from cmdm_tui.harness.exchange import CALLS, Exchange
from cmdm_tui.harness.fuzz.events import CallInput
from cmdm_tui.harness.report.coverage import format_gaps
from cmdm_tui.harness.report.html_elements import (
    Child,
    draw_columns,
    draw_rows,
    make_element,
    make_table,
    serialize,
)
from cmdm_tui.harness.report.plain_text import show_body, to_plain_text
from cmdm_tui.harness.report.results import (
    NOT_FINISHED,
    Failure,
    RunResults,
    describe_certainty,
)
from cmdm_tui.text import count_noun

NAME = "html"
FILE = "report.html"

_MAX_CLASSES = 30
_MAX_TEXT = 4_000


def write(results: RunResults) -> bytes:
    """Return the file's bytes."""
    style = files("cmdm_tui.harness.report").joinpath("page.css").read_text(encoding="utf-8")
    return serialize(
        make_element(
            "html",
            make_element(
                "head",
                make_element("meta", charset="utf-8"),
                make_element(
                    "meta", http_equiv="Content-Security-Policy", content=_content_policy(style)
                ),
                make_element(
                    "meta", name="viewport", content="width=device-width, initial-scale=1"
                ),
                make_element("meta", name="referrer", content="no-referrer"),
                make_element("meta", name="color-scheme", content="light dark"),
                make_element("title", f"{results.title}: {results.outcome}"),
                _build_style(style),
            ),
            make_element(
                "body", _build_header(results),
                make_element(
                    "main", _build_failures(results), _build_statuses(results),
                    _build_checks(results), _build_coverage(results), _build_charts(results),
                    _build_known(results),
                ),
            ),
            lang="en",
        )
    )  # fmt: skip


def _content_policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _build_style(style: str) -> Element:
    # Our own file, unchanged: its hash is in the policy.
    made = make_element("style")
    made.text = style
    return made


def _build_header(results: RunResults) -> Element:
    started, ended = results.started, results.ended
    began = datetime.fromtimestamp(results.began, UTC)
    facts = {
        "Requests": f"{results.requests:,}",
        "Examples": f"{results.examples:,}",
        "Time": f"{results.seconds:,.1f} s",
        "Began": f"{began:%Y-%m-%d %H:%M:%S} UTC",
        "Ended": ended.reason if ended else NOT_FINISHED,
        "Program": f"cmdm {results.version}",
    }
    if started is not None:
        facts = {"Target": started.url, "Seed": str(started.seed), **facts}
    pairs = [
        make_element("div", make_element("dt", name), make_element("dd", value))
        for name, value in facts.items()
    ]
    is_whole = ended is not None and not ended.is_cut
    kind = "failed" if results.failures else "passed" if is_whole else "unfinished"
    return make_element(
        "header",
        make_element(
            "h1", results.title, " ", make_element("span", results.outcome, class_=f"badge {kind}")
        ),
        make_element("dl", *pairs),
    )


def _build_failures(results: RunResults) -> Element:
    found = [_build_failure(number, one) for number, one in enumerate(results.failures, 1)]
    return _build_section("Failures", *(found or [make_element("p", "None was found.")]))


def _build_failure(number: int, failure: Failure) -> Element:
    finding = failure.finding
    steps = [_build_step(place, exchange) for place, exchange in enumerate(failure.exchanges, 1)]
    inside: list[Child] = [
        make_element("p", to_plain_text(finding.message, _MAX_TEXT), class_="message"),
        make_element(
            "p",
            f"Sent: {finding.input_class}. {count_noun(failure.steps, 'step')}, {failure.state}.",
        ),
        make_element("p", describe_certainty(finding.certainty)),
    ]
    if failure.curl:
        inside += [
            make_element("h3", "To repeat it"),
            make_element(
                "pre",
                "\n".join(to_plain_text(line, _MAX_TEXT) for line in failure.curl),
                tabindex="0",
            ),
        ]
    if steps:
        inside += [make_element("h3", "What was sent and answered"), make_element("ol", *steps)]
    inside += [
        make_element("p", f"{name}: ", make_element("code", str(path)))
        for name, path in (("Case", failure.case), ("Cassette", failure.cassette))
        if path is not None
    ]
    title = make_element(
        "summary", make_element("b", finding.check), " ", make_element("code", finding.call), " ",
        make_element("span", to_plain_text(finding.message, 160), class_="quiet"),
    )  # fmt: skip
    opened = {"open": "open"} if number == 1 else {}
    return make_element("details", title, *inside, id=f"failure-{number}", **opened)


def _build_step(place: int, exchange: Exchange) -> Element:
    answer = str(exchange.status) if exchange.status else "no whole answer"
    title = make_element(
        "summary",
        make_element("code", to_plain_text(f"{exchange.method} {exchange.path}", 200)), " ",
        make_element("span", answer, class_=_status_class(exchange.status)),
    )  # fmt: skip
    texts = [
        "\n".join(f"{name}: {value}" for name, value in exchange.sent_headers),
        show_body(exchange.sent_body, _MAX_TEXT),
        "\n".join(f"{name}: {value}" for name, value in exchange.headers),
        show_body(exchange.body, _MAX_TEXT) or exchange.failure,
    ]
    names = ("Headers sent", "Body sent", "Headers answered", "Body answered")
    shown: list[Child] = []
    for name, text in zip(names, texts, strict=True):
        if text:
            shown += [
                make_element("h4", name),
                make_element("pre", to_plain_text(text, _MAX_TEXT * 2, keep_lines=True)),
            ]
    return make_element("li", make_element("details", title, *shown), value=place)


def _build_statuses(results: RunResults) -> Element:
    answers = results.answers
    head: list[Child] = ["Call", *(_format_status(one) for one in answers), "All"]
    lines: list[list[Child]] = []
    for call in results.calls:
        counts = [results.statuses.get((call, status), 0) for status in answers]
        cells: list[Child] = [
            make_element(
                "td", f"{count:,}" if count else "", class_=_status_class(status) if count else ""
            )
            for status, count in zip(answers, counts, strict=True)
        ]
        lines.append([make_element("code", call), *cells, f"{sum(counts):,}"])
    return _build_section("Calls and their answers", _make_scrollable(make_table(head, lines)))


def _build_coverage(results: RunResults) -> Element:
    """Build the table of requests by input class and call: what was sent, and what never was."""
    planned = results.started.inputs if results.started else frozenset[CallInput]()
    sent: dict[tuple[str, str], int] = dict(results.sent.items())
    pairs = {*planned, *sent}
    calls = [call for call in CALLS if any(one == call for one, _ in pairs)]
    head: list[Child] = ["Input class", *(make_element("code", call) for call in calls), "All"]
    lines: list[list[Child]] = []
    for name in sorted({name for _, name in pairs}, key=lambda name: (":" in name, name)):
        cells: list[Child] = [
            _build_coverage_cell(sent.get((call, name), 0), is_wanted=(call, name) in pairs)
            for call in calls
        ]
        lines.append([make_element("code", name), *cells, f"{results.classes.get(name, 0):,}"])
    gaps = [make_element("li", line) for line in format_gaps(results)]
    legend = make_element("p", "– was to be sent, and never was.", class_="quiet")
    table = make_element(
        "details",
        make_element("summary", f"{len(lines)} input classes"),
        _make_scrollable(make_table(head, lines, class_="checks")),
    )
    missing = [make_element("ul", *gaps)] if gaps else []
    return _build_section("Requests by call and input class", *missing, legend, table)


def _build_coverage_cell(count: int, *, is_wanted: bool) -> Element:
    if count:
        return make_element("td", f"{count:,}")
    return make_element("td", "–", class_="known") if is_wanted else make_element("td", "")


def _build_checks(results: RunResults) -> Element:
    calls = [call for call in results.calls if call in results.examined]
    head: list[Child] = ["Check", *(make_element("code", call) for call in calls)]
    lines: list[list[Child]] = [
        [make_element("code", check), *(_build_check_cell(results, check, call) for call in calls)]
        for check in results.checks
    ]
    legend = make_element(
        "p", "✓ and the number of answers that the check looked at without finding fault; "
        "✗ and the number of those with which it did; ○ the same where that was known before the "
        "run, or the run ended before it was examined; – where there was no answer that it could "
        "judge.",
        class_="quiet",
    )  # fmt: skip
    return _build_section(
        "Checks by call", legend, _make_scrollable(make_table(head, lines, class_="checks"))
    )


def _build_check_cell(results: RunResults, check: str, call: str) -> Element:
    examined = results.held.get((check, call), 0)
    failures = results.failures_of(check, call)
    broken = results.broken.get((check, call), 0)
    if failures:
        number = next(place for place, one in enumerate(results.failures, 1) if one is failures[0])
        link = make_element("a", f"✗ {broken:,}", href=f"#failure-{number}")
        return make_element("td", link, class_="failed")
    if broken or results.is_known(check, call):
        return make_element("td", f"○ {broken:,}", class_="known")
    if not examined:
        return make_element("td", "–", class_="quiet")
    return make_element("td", f"✓ {examined:,}", class_="passed")


def _build_charts(results: RunResults) -> Element:
    rate, times = results.rate, results.times
    drawn: list[Child] = []
    if rate.counts:
        moments = [f"{number * rate.width:g} s" for number in range(len(rate.counts))]
        each = [count / rate.width for count in rate.counts]
        drawn += _build_chart(
            "Requests a second",
            draw_columns(each, moments, title="Requests a second", unit="a second"),
        )
    if times:
        sizes = sorted(times)
        labels = [f"≤ {size:g} ms" for size in sizes]
        picture = draw_columns(
            [times[size] for size in sizes], labels, title="Time to answer", unit="answers"
        )
        drawn += _build_chart("Time to answer", picture)
    classes = sorted(results.classes.items(), key=lambda one: (-one[1], one[0]))
    if classes:
        most = classes[:_MAX_CLASSES]
        left = len(classes) - len(most)
        name = "What was sent, by class" + (f" (and {left} more classes)" if left else "")
        drawn += _build_chart(name, draw_rows(most, title="Requests by class", unit=""))
    return _build_section("Charts", *(drawn or [make_element("p", "No request was made.")]))


def _build_chart(name: str, picture: Element) -> list[Child]:
    return [make_element("figure", make_element("figcaption", name), picture)]


def _build_known(results: RunResults) -> Element:
    if not results.known:
        return make_element("p", "No failure was known before the run.", class_="quiet")
    listed = [make_element("li", make_element("code", name)) for name in results.known]
    return _build_section("Known before the run", make_element("ul", *listed))


def _build_section(title: str, *inside: Child) -> Element:
    return make_element("section", make_element("h2", title), *inside)


def _make_scrollable(inside: Element) -> Element:
    return make_element("div", inside, class_="scrolled", tabindex="0")


def _format_status(status: int) -> str:
    return str(status) if status else "none"


def _status_class(status: int) -> str:
    if not status or status >= 500:
        return "bad"
    return "good" if status < 300 else "refused"
