"""What the documentation leaves open fails a service only where the sandbox's own way is meant."""

from contextlib import closing
from dataclasses import replace

from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS
from tests.harness.mutants.hunt import fuzz_target, sandbox

REQUESTS, FEW_REQUESTS = 1_500, 250
CHOICES = [
    (one.name, choice)
    for one in BEHAVIOURS.values()
    for choice in (*one.choices[1:], *(["7"] if one.numbers else []))
]
SAMPLE = [
    ("order", "unstable"), ("values", "json"), ("external_ids", "odd"), ("convert", "lead-deleted"),
    ("default_page", "7"), ("page_cap", "7"),
]  # fmt: skip
ONLY = {
    "convert": {"convert", "stateful"},
    "order": {"list", "stateful"},
    "page_cap": {"totals-add-up", "field-totals"},
}

DOCUMENTED = {
    "totals": {"documented-shape", "field-totals"},
    "list_key": {"documented-shape"},
    "token_refused": {"authentication-first", "documented-status"},
    "malformed_body": {"documented-status", "no-server-error"},
    "content_type": {"documented-status"},
    # Its totals still count the fields that it leaves out.
    "system_fields": {"field-totals"},
}
"""Where the contract lets a client live with what the documentation itself says otherwise."""


def test_another_reasonable_answer_breaks_nothing_documented(runs_whole: bool) -> None:
    broken: dict[str, set[str]] = {}
    with (
        sandbox() as target,
        closing(ControlClient(target.control or "", target.control_token or "")) as control,
    ):
        for name, choice in CHOICES if runs_whole else SAMPLE:
            control.reset()
            control.set_behaviours(**{name: choice})
            only = frozenset(set() if runs_whole else ONLY.get(name, set()))
            settings = FuzzSettings(
                seed=1, requests=REQUESTS if runs_whole else FEW_REQUESTS, only=only, shrinks=False
            )
            failures, _ = fuzz_target(replace(target, is_strict=False), settings)
            broken[f"{name} {choice}"] = {one.split()[0] for one in failures}
            broken[f"{name} {choice}"] -= DOCUMENTED.get(name, set())
    assert {name: checks for name, checks in broken.items() if checks} == {}
