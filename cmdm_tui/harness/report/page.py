"""The report as one HTML page that needs nothing else: no script, no font, no network.

Whatever a service answered stands in it as text. Should something get through all the same, the
page's own policy (Content Security Policy Level 3) forbids every script and every address.
"""

import base64
import hashlib
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree.ElementTree import Element

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.report.charts import columns, rows
from cmdm_tui.harness.report.elements import Child, element, serialized, table
from cmdm_tui.harness.report.plain import body_text, plain
from cmdm_tui.harness.report.results import Failure, Results, counted

NAME = "html"
FILE = "report.html"

_MOST_CLASSES = 30
_LONGEST = 4_000


def write(results: Results) -> bytes:
    """Return the file's bytes."""
    style = files("cmdm_tui.harness.report").joinpath("page.css").read_text(encoding="utf-8")
    return serialized(
        element(
            "html",
            element(
                "head",
                element("meta", charset="utf-8"),
                element("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("meta", name="referrer", content="no-referrer"),
                element("meta", name="color-scheme", content="light dark"),
                element("title", f"{results.title}: {results.outcome}"),
                _style(style),
            ),
            element(
                "body", _header(results),
                element(
                    "main", _failures(results), _statuses(results), _checks(results),
                    _charts(results), _known(results),
                ),
            ),
            lang="en",
        )
    )  # fmt: skip


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _style(style: str) -> Element:
    # Our own file, to the byte: its hash stands in the policy.
    made = element("style")
    made.text = style
    return made


def _header(results: Results) -> Element:
    started, ended = results.started, results.ended
    began = datetime.fromtimestamp(results.began, UTC)
    facts = {
        "Requests": f"{results.requests:,}",
        "Examples": f"{results.examples:,}",
        "Time": f"{results.seconds:,.1f} s",
        "Began": f"{began:%Y-%m-%d %H:%M:%S} UTC",
        "Ended": ended.reason if ended else "It has not ended",
        "Program": f"cmdm {results.version}",
    }
    if started is not None:
        facts = {"Target": started.url, "Seed": str(started.seed), **facts}
    pairs = [
        element("div", element("dt", name), element("dd", value)) for name, value in facts.items()
    ]
    kind = "failed" if results.failures else "passed"
    return element(
        "header",
        element("h1", results.title, " ", element("span", results.outcome, class_=f"badge {kind}")),
        element("dl", *pairs),
    )


def _failures(results: Results) -> Element:
    found = [_failure(number, one) for number, one in enumerate(results.failures, 1)]
    return _section("Failures", *(found or [element("p", "None was found.")]))


def _failure(number: int, failure: Failure) -> Element:
    finding = failure.finding
    steps = [_step(place, exchange) for place, exchange in enumerate(failure.exchanges, 1)]
    inside: list[Child] = [
        element("p", plain(finding.message, _LONGEST), class_="message"),
        element(
            "p", f"Sent: {finding.input_class}. {counted(failure.steps, 'step')}, {failure.state}."
        ),
    ]
    if failure.curl:
        inside += [
            element("h3", "To repeat it"),
            element("pre", "\n".join(plain(line, _LONGEST) for line in failure.curl), tabindex="0"),
        ]
    if steps:
        inside += [element("h3", "What was sent and answered"), element("ol", *steps)]
    inside += [
        element("p", f"{name}: ", element("code", str(path)))
        for name, path in (("Case", failure.case), ("Cassette", failure.cassette))
        if path is not None
    ]
    title = element(
        "summary", element("b", finding.check), " ", element("code", finding.call), " ",
        element("span", plain(finding.message, 160), class_="quiet"),
    )  # fmt: skip
    opened = {"open": "open"} if number == 1 else {}
    return element("details", title, *inside, id=f"failure-{number}", **opened)


def _step(place: int, exchange: Exchange) -> Element:
    answer = str(exchange.status) if exchange.status else "no whole answer"
    title = element(
        "summary", element("code", plain(f"{exchange.method} {exchange.path}", 200)), " ",
        element("span", answer, class_=_kind(exchange.status)),
    )  # fmt: skip
    texts = [
        "\n".join(f"{name}: {value}" for name, value in exchange.sent_headers),
        body_text(exchange.sent_body, _LONGEST),
        "\n".join(f"{name}: {value}" for name, value in exchange.headers),
        body_text(exchange.body, _LONGEST) or exchange.failure,
    ]
    names = ("Headers sent", "Body sent", "Headers answered", "Body answered")
    shown: list[Child] = []
    for name, text in zip(names, texts, strict=True):
        if text:
            shown += [
                element("h4", name),
                element("pre", plain(text, _LONGEST * 2, keep_lines=True)),
            ]
    return element("li", element("details", title, *shown), value=place)


def _statuses(results: Results) -> Element:
    answers = results.answers
    head: list[Child] = ["Call", *(_status(one) for one in answers), "All"]
    lines: list[list[Child]] = []
    for call in results.calls:
        counts = [results.statuses.get((call, status), 0) for status in answers]
        cells: list[Child] = [
            element("td", f"{count:,}" if count else "", class_=_kind(status) if count else "")
            for status, count in zip(answers, counts, strict=True)
        ]
        lines.append([element("code", call), *cells, f"{sum(counts):,}"])
    return _section("Calls and their answers", _scrolled(table(head, lines)))


def _checks(results: Results) -> Element:
    calls = [call for call in results.calls if call in results.examined]
    head: list[Child] = ["Check", *(element("code", call) for call in calls)]
    lines: list[list[Child]] = [
        [element("code", check), *(_checked(results, check, call) for call in calls)]
        for check in results.checks
    ]
    legend = element(
        "p", "✓ and the number of answers that the check looked at without finding fault; "
        "✗ and the number of those with which it did; ○ the same where that was known before the "
        "run, or the run ended before it was looked into.",
        class_="quiet",
    )  # fmt: skip
    return _section("Checks by call", legend, _scrolled(table(head, lines, class_="checks")))


def _checked(results: Results, check: str, call: str) -> Element:
    examined = {str(name): count for name, count in results.examined.items()}.get(call, 0)
    failures = results.failures_of(check, call)
    broken = results.broken.get((check, call), 0)
    if failures:
        number = next(place for place, one in enumerate(results.failures, 1) if one is failures[0])
        link = element("a", f"✗ {broken:,}", href=f"#failure-{number}")
        return element("td", link, class_="failed")
    if broken or results.is_known(check, call):
        return element("td", f"○ {broken:,}", class_="known")
    return element("td", f"✓ {examined:,}", class_="passed")


def _charts(results: Results) -> Element:
    rate, times = results.rate, results.times
    drawn: list[Child] = []
    if rate.counts:
        moments = [f"{number * rate.width:g} s" for number in range(len(rate.counts))]
        each = [count / rate.width for count in rate.counts]
        drawn += _chart(
            "Requests a second", columns(each, moments, title="Requests a second", unit="a second")
        )
    if times:
        sizes = sorted(times)
        labels = [f"≤ {size:g} ms" for size in sizes]
        picture = columns(
            [times[size] for size in sizes], labels, title="Time to answer", unit="answers"
        )
        drawn += _chart("Time to answer", picture)
    classes = sorted(results.classes.items(), key=lambda one: (-one[1], one[0]))
    if classes:
        most = classes[:_MOST_CLASSES]
        left = len(classes) - len(most)
        name = "What was sent, by class" + (f" (and {left} more classes)" if left else "")
        drawn += _chart(name, rows(most, title="Requests by class", unit=""))
    return _section("Charts", *(drawn or [element("p", "No request was made.")]))


def _chart(name: str, picture: Element) -> list[Child]:
    return [element("figure", element("figcaption", name), picture)]


def _known(results: Results) -> Element:
    if not results.known:
        return element("p", "No failure was known before the run.", class_="quiet")
    listed = [element("li", element("code", name)) for name in results.known]
    return _section("Known before the run", element("ul", *listed))


def _section(title: str, *inside: Child) -> Element:
    return element("section", element("h2", title), *inside)


def _scrolled(inside: Element) -> Element:
    return element("div", inside, class_="scrolled", tabindex="0")


def _status(status: int) -> str:
    return str(status) if status else "none"


def _kind(status: int) -> str:
    if not status or status >= 500:
        return "bad"
    return "good" if status < 300 else "refused"
