"""What `cmdm verify` writes: a line for each drift, a summary, and a report as JSON."""

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.commands.harness.selection import count_cases
from cmdm_tui.cli.context import note
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmdm_tui.harness.verify import Drift
    from cmdm_tui.harness.verify.contract_diff import ContractDiff
    from cmdm_tui.redaction.leak_scanner import LeakScanner

_MANY_DRIFTS = 10


def report_drifts(drifts: "Iterable[Drift]", scanner: "LeakScanner") -> None:
    """Write a line for each drift to stdout. Raises SecretLeak for one that holds a secret."""
    clear_progress()
    for drift in drifts:
        place = f"{drift.case}, step {drift.step}, {drift.place}"
        line = f"{drift.severity:7}  {one_line(place, 160)} {one_line(drift.message, 240)}"
        scanner.check(line, "the terminal")
        click.echo(line)


def report_progress(number: int, total: int) -> None:
    """Write how far a run is, where a person watches it."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{number} of {total}", err=True, nl=False)


def clear_progress() -> None:
    """Remove the line of `report_progress`."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def list_drifts(drifts: "Iterable[Drift]") -> list[dict[str, Any]]:
    """Return drifts as a report has them."""
    return [
        {
            "severity": str(drift.severity),
            "case": drift.case,
            "step": drift.step,
            "place": drift.place,
            "message": drift.message,
        }
        for drift in drifts
    ]


def write_report(content: dict[str, Any], scanner: "LeakScanner") -> None:
    """Write a report to stdout as one JSON object. Raises SecretLeak."""
    from cmdm_tui.cli.json_documents import make_document

    text = json.dumps(make_document("cmdm-drift", content), ensure_ascii=False, indent=2)
    scanner.check(text, "the report")
    click.echo(text)


def report_in_short(drifts: "list[Drift]") -> None:
    """Write to stderr what the drifts have in common, where they are many."""
    alike: dict[str, set[str]] = {}
    for drift in drifts:
        alike.setdefault(f"{drift.severity}: {drift.place} {drift.message}", set()).add(drift.case)
    if len(drifts) < _MANY_DRIFTS or len(alike) == len(drifts):
        return
    most = sorted(alike.items(), key=lambda pair: -len(pair[1]))
    note("In short:")
    for words, cases in most[:_MANY_DRIFTS]:
        note(f"  {count_cases(len(cases)):>10}  {one_line(words, 160)}")
    if len(most) > _MANY_DRIFTS:
        note(f"  and {len(most) - _MANY_DRIFTS} other drifts.")


def count_drifts(drifts: "Iterable[Drift]", none: str) -> str:
    """Return how many drifts there are of each severity, in words, or `none`."""
    counts = Counter(str(drift.severity) for drift in drifts)
    told = ", ".join(
        f"{counts[name]} {name}{'' if counts[name] == 1 else 's'}"
        for name in ("error", "warning", "info")
        if counts[name]
    )
    return told or none


def summarize_changes(diff: "ContractDiff", *, total: int, drifted: int, cut: str) -> str:
    """Return what changed since earlier runs in one line; `cut` says why the run is incomplete.

    `drifted` is the number of cases that are not answered as they were recorded.
    """
    sent = len(diff.cases)
    parts = [f"{sent} of {count_cases(total)}{' (INCOMPLETE)' if cut else ''}"]
    if not diff.compared:
        parts.append("no earlier answer to compare with")
    else:
        since = diff.since
        changed = len({one.key for one in diff.compared if one.changes})
        told = count_drifts(diff.changes, "no change")
        where = f" in {count_cases(changed)}" if changed else ""
        older = f", some since {since[-1].name}" if len(since) > 1 else ""
        parts.append(f"{told}{where} since {since[0].name}{older}")
        uncompared = sent - len(diff.compared)
        parts += [f"{count_cases(uncompared)} not compared"] if uncompared else []
    parts += [f"{count_cases(drifted)} not answered as recorded"] if drifted else []
    return "; ".join(parts) + "."
