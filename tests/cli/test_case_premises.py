"""A case whose change changes nothing on a service is left out, with the reason: it shows "–"."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.harness.cases import placeholders
from cmdm_tui.harness.cases.files import read_case
from cmdm_tui.harness.cases.format import Case, CaseStep, Expectation
from cmdm_tui.harness.cases.placeholders import PremiseMissing, build_request
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.sandbox import AccountCredentials, Sandbox, SandboxConfig
from tests.cli.conftest import Command
from tests.services import copy_records

OTHER_CASE = "authenticate-other-case-client-id"
REASON = "The client_id of this service has no letter with another case."
NUMBERS = AccountCredentials("220717", "s3cret-of-2207", "api-user", "pa55-of-2207")
WORDS = {"client_id": "Ab", "client_secret": "Cd", "username": "Ef", "password": "Gh"}


@pytest.fixture
def numbered(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service whose client id has no letter, in the environment."""
    config = SandboxConfig(
        tmp_path / "data", port=0, records=30, lasting=False, credentials=NUMBERS
    )
    copy_records(config)
    with Sandbox.embedded(config) as info:
        for name in ("url", *WORDS):
            monkeypatch.setenv(f"CMDM_{name.upper()}", getattr(info, name))
        yield


def run(cmdm: Command, *names: str) -> tuple[int, str, str]:
    ended = cmdm("cases", "run", *names, "--live", "--writes")
    return ended.code, ended.out.decode(), ended.err


@pytest.mark.usefixtures("numbered")
def test_a_client_id_without_letters_has_no_other_case(cmdm: Command) -> None:
    code, told, error = run(cmdm, OTHER_CASE, "authenticate-cut-client-id")
    assert (code, told.count("✓"), told.count("–"), told.count("✗")) == (0, 1, 1, 0)
    assert REASON in told
    assert "1 case run, answered as expected. 1 case left out: nothing to judge here." in error
    code, told, error = run(cmdm, OTHER_CASE)
    assert (code, told.count("✓")) == (2, 0)
    assert "No case was judged. 1 case left out" in error
    ended = cmdm("cases", "run", OTHER_CASE, "--live", "--writes", "--json")
    (row,) = [json.loads(line) for line in ended.out.splitlines()]
    assert (row["skipped"], row["problems"]) == (REASON, [])


@pytest.mark.usefixtures("numbered")
def test_without_that_rule_it_would_be_a_false_difference(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def require_nothing(*_: object) -> None:
        pass

    for rule in ("_require_changes", "_require_wrong_sign_in"):
        monkeypatch.setattr(placeholders, rule, require_nothing)
    code, told, _ = run(cmdm, OTHER_CASE)
    assert (code, "✗" in told) == (1, True)


@pytest.mark.usefixtures("numbered")
def test_it_is_neither_verified_nor_recorded(cmdm: Command, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    words = (OTHER_CASE, "authenticate-cut-client-id", "--live", "--writes")
    since = ("--since", "--history", str(tmp_path / "history"))
    for more in ((), since):
        ended = cmdm("verify", *words, "--junit", str(junit), *more)
        assert ended.code == 0, ended
        assert f"{OTHER_CASE}: left out. {REASON}" in ended.err
        assert f'<skipped message="left out: {REASON}"' in junit.read_text("utf-8")
    (kept,) = (tmp_path / "history").rglob("*.json")
    assert len(json.loads(kept.read_bytes())["cases"]) == 1
    told = cmdm("verify", *words, "--json").json
    assert told["cases"] == 1
    assert told["skipped"] == [{"case": OTHER_CASE, "reason": REASON}]
    assert cmdm("verify", OTHER_CASE, "--live", "--writes").code == 2
    into = tmp_path / "into"
    ended = cmdm("record", *words, "--into", str(into))
    assert ended.code == 0, ended
    assert "1 recorded, 0 as they were, 0 not as expected, 1 left out." in ended.err
    assert [path.stem for path in into.glob("*/*.yaml")] == ["authenticate-cut-client-id"]


def step(**more: object) -> CaseStep:
    given = {"method": "GET", "path": "/lead", "expect": Expectation(status=404), **more}
    return CaseStep(**given)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("made", "known", "why"),
    [
        ({"path": "/lead/${lead:lower}"}, {"lead": "20-17"}, "has no capital letter"),
        ({"body": '"${lead:swapped}"'}, {"lead": "20-17"}, "no letter with another case"),
        ({"headers": (("x", "${client_id:cut}"),)}, {"client_id": "7"}, "nothing is left of it"),
        ({"authorization": "Bearer ${token:doubled}"}, {"token": ""}, "is empty"),
    ],
)
def test_a_change_that_changes_nothing_is_no_premise(
    made: dict[str, object], known: dict[str, str], why: str
) -> None:
    with pytest.raises(PremiseMissing, match=why):
        build_request(step(**made), {"token": "t", **known})
    # One that does change it is sent.
    assert build_request(step(**made), {"token": "t", **dict.fromkeys(known, "Ab")})


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("kind", ["wrong", "empty", "missing", "cut", "extended", "other-case"])
def test_every_wrong_sign_in_is_wrong_or_left_out(kind: str, name: str) -> None:
    """Whatever the sign-in of a service is: the value that a case thinks wrong, or one letter."""
    spelled = name.replace("_", "-")
    case = find_case(f"authenticate-{kind}-{spelled}")
    for value in (f"not-the-{spelled}", "7", "é", "A"):
        given = {**WORDS, name: value}
        try:
            sent = dict(build_request(case.steps[-1], given).headers)
        except PremiseMissing:
            continue
        assert {key: sent.get(key) for key in WORDS} != given
        assert kind == "empty" or sent.get(name) != ""


def find_case(name: str) -> Case:
    return read_case(built_in_folder() / "contract" / f"{name}.toml")
