"""Sign-ins with changed credentials: what is sent, hidden, printed for a shell and written down."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from cmdm_tui.harness.calls import CREDENTIAL_NAMES, sign_in
from cmdm_tui.harness.cases import Case
from cmdm_tui.harness.cases.files import case_bytes
from cmdm_tui.harness.cases.placeholders import build_request
from cmdm_tui.harness.fuzz.events import FailureShrunk
from cmdm_tui.harness.fuzz.save import case_writer
from cmdm_tui.harness.fuzz.save.curl_script import in_shell
from cmdm_tui.harness.fuzz.shrink.reproduction import Reproduction
from cmdm_tui.harness.inputs import InputContext, classes_of
from cmdm_tui.redaction.secret_variables import SecretVariables
from tests.harness.fuzz.conftest import Fuzz
from tests.harness.mutants.hunt import MUTANTS, sandbox

VALUES = {
    "client_id": "crm-Client-1",
    "client_secret": "S3cret-of-the-client",
    "username": "ann@example.com",
    "password": "pAss-w0rd A",
}
CHANGES: dict[str, Callable[[str, str], str | None]] = {
    "missing": lambda _name, _value: None,
    "empty": lambda _name, _value: "",
    "wrong": lambda name, _value: f"not-the-{name.replace('_', '-')}",
    "other-case": lambda _name, value: value.swapcase(),
    "cut": lambda _name, value: value[:-1],
    "extended": lambda _name, value: f"{value}-x",
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("name", CREDENTIAL_NAMES)
def test_one_credential_is_changed_and_the_others_are_right(kind: str, name: str) -> None:
    wanted = f"{kind}-{name.replace('_', '-')}"
    (one,) = [one for one in classes_of("authenticate", "authorization") if one.name == wanted]
    request = one.apply(sign_in(), InputContext(lambda _: 0, {}))
    assert request is not None
    sent = dict(SecretVariables(VALUES).fill_headers(request.headers))
    changed = CHANGES[kind](name, VALUES[name])
    others = {key: value for key, value in VALUES.items() if key != name}
    assert sent == (others if changed is None else others | {name: changed})


def test_what_is_no_other_credential_is_not_sent() -> None:
    secrets = SecretVariables(VALUES | {"client_id": "1234", "username": "x"})
    assert not secrets.can_fill((("client_id", "$CMDM_CLIENT_ID_SWAPPED"),))
    assert not secrets.can_fill((("username", "$CMDM_USERNAME_CUT"),))
    assert secrets.can_fill((("username", "$CMDM_USERNAME-x"),))


@pytest.mark.parametrize("changed", ["PaSS-W0RD a", "pAss-w0rd ", "s3CRET-OF-THE-CLIENT"])
def test_a_changed_secret_is_hidden_too(changed: str) -> None:
    hidden = SecretVariables(VALUES).replace_secrets(f"<{changed}>".encode())
    assert changed.encode() not in hidden
    assert b"$CMDM_" in hidden


def test_a_word_that_a_changed_secret_happens_to_be_is_not_hidden() -> None:
    secrets = SecretVariables({"username": "leads", "password": "password1"})
    assert secrets.replace_secrets(b"lead: password") == b"lead: password"


@pytest.mark.parametrize(
    ("variable", "right"),
    [
        ("$CMDM_PASSWORD_CUT", "pAss-w0rd "),
        ("$CMDM_PASSWORD_SWAPPED", "PaSS-W0RD a"),
        ("$CMDM_PASSWORD-x", "pAss-w0rd A-x"),
        ("Bearer $CMDM_PASSWORD_FLIPPED", "Bearer pAss-w0rd B"),
    ],
)
def test_a_shell_sends_what_was_sent(variable: str, right: str) -> None:
    line = f'printf %s "{in_shell(variable)}"'
    told = subprocess.run(
        ["/bin/sh", "-c", line], env={"PATH": "/usr/bin:/bin", "CMDM_PASSWORD": VALUES["password"]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == right


def test_a_service_that_accepts_any_password_is_found_and_written_down(
    fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Reproduction] = []
    make_case = case_writer.make_case

    def note(name: str, path: Reproduction, *, seed: int) -> Case:
        saved.append(path)
        return make_case(name, path, seed=seed)

    monkeypatch.setattr(case_writer, "make_case", note)
    planted = next(one.fault for one in MUTANTS if one.name == "any password is accepted")
    with sandbox(planted) as target:
        told = fuzz(target, seed=1, requests=5_000, fails_fast=True,
                    only=frozenset({"authenticate"}))  # fmt: skip
    (shrunk,) = told.of(FailureShrunk)
    assert shrunk.failure == "credentials-looked-at authenticate"
    assert shrunk.finding.certainty == "documented"
    case = make_case("any-password", saved[-1], seed=1)
    assert b"password" in case_bytes(case)
    step = case.steps[-1]
    sent = build_request(step, VALUES)
    assert dict(sent.headers).get("password") != VALUES["password"]
    assert step.expect.statuses in {(401,), (400,), (400, 401)}


def test_a_service_of_ones_own_is_not_sent_three_wrong_sign_ins_together(fuzz: Fuzz) -> None:
    with sandbox() as target:
        live = replace(target, control=None, control_token=None)
        told = fuzz(live, seed=1, requests=60, only=frozenset({"authenticate"}))
    statuses = "".join("." if one.status == 200 else "x" for one in told.exchanges)
    assert "xx" in statuses
    assert "xxx" not in statuses
