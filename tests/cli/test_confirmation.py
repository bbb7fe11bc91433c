"""No door sends a change that its profile asks about, unless someone has said yes."""

from pathlib import Path

import pytest

from cmdm_tui.cli import prompts
from cmdm_tui.config import Credentials, Paths, ProfileStore, SecretStr
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command, Ended

DOORS = {
    "update": ("update", "lead", "{lead}", "City=Here"),
    "delete": ("delete", "lead", "{lead}"),
    "convert": ("convert", "{lead}"),
    "close": ("close", "{task}"),
    "a raw update": ("api", "PUT", "lead/{lead}", "--data", '{"City": "Here"}'),
    "a raw create": ("api", "POST", "lead", "--data", '{"LastName": "New"}'),
    "a raw delete": ("api", "DELETE", "lead/{lead}"),
    "a raw conversion": ("api", "PUT", "lead/convert/{lead}", "--data", "{}"),
}
DESTRUCTIVE = {"delete", "convert", "a raw delete", "a raw conversion"}
PROMPT = {
    "an update at the prompt": 'PUT lead/{lead} {{"City": "Here"}}',
    "a delete at the prompt": "DELETE lead/{lead}",
    "a create at the prompt": 'POST lead {{"LastName": "New"}}',
}


@pytest.fixture
def strict(sandbox: RunningInfo, home: Path, monkeypatch: pytest.MonkeyPatch) -> RunningInfo:
    """Keep a profile that asks about every change, in the `home`."""
    assert str(home)
    secret, password = SecretStr(sandbox.client_secret), SecretStr(sandbox.password)
    credentials = Credentials(SecretStr(sandbox.client_id), secret, sandbox.username, password)
    paths = Paths.of_user()
    ProfileStore(paths).save_with_secrets("strict", sandbox.url, credentials, place="file")
    with paths.profiles.open("a", encoding="utf-8") as file:
        file.write('confirm = "always"\n')
    monkeypatch.setenv("CMDM_PROFILE", "strict")
    return sandbox


def make_records(cmdm: Command) -> dict[str, str]:
    lead = cmdm("create", "lead", "LastName=Jones", "City=There").json["ExternalID"]
    task = cmdm("create", "task", "Subject=Ring").json["ExternalID"]
    return {"lead": lead, "task": task}


def read_state(cmdm: Command, ids: dict[str, str]) -> tuple[object, ...]:
    """Return what a change would have changed."""
    lead = cmdm("get", "lead", ids["lead"]).json["Properties"]
    task = cmdm("get", "task", ids["task"]).json["Properties"]
    count = cmdm("query", "-o", "json", "SELECT count(*) AS n FROM lead").json[0]["n"]
    return lead["City"], lead["Status"], task["Status"], count


def try_door(cmdm: Command, door: str, ids: dict[str, str], *more: str) -> Ended:
    if door in PROMPT:
        return cmdm("repl", *more, stdin=f"{PROMPT[door].format(**ids)}\n".encode())
    words = [
        word.format(**ids) if "{lead}" in word or "{task}" in word else word for word in DOORS[door]
    ]
    return cmdm(*words, *more)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("door", [*DOORS, *PROMPT])
def test_no_door_sends_what_no_one_has_confirmed(cmdm: Command, door: str) -> None:
    ids = make_records(cmdm)
    before = read_state(cmdm, ids)
    ended = try_door(cmdm, door, ids)
    assert ended.code == 2
    assert "Nothing was sent" in ended.err
    assert "--yes" in ended.err
    assert read_state(cmdm, ids) == before
    assert try_door(cmdm, door, ids, "--yes").code == 0


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("door", [*DOORS, *PROMPT])
def test_a_service_on_this_machine_asks_about_what_is_lost_alone(cmdm: Command, door: str) -> None:
    ids = make_records(cmdm)
    is_asked = door in DESTRUCTIVE or door == "a delete at the prompt"
    assert try_door(cmdm, door, ids).code == (2 if is_asked else 0)


@pytest.mark.usefixtures("strict")
def test_a_door_that_does_not_ask_would_be_noticed(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def ask_nothing(*_: object, **__: object) -> None:
        return None

    ids = make_records(cmdm)
    monkeypatch.setattr("cmdm_tui.cli.commands.record_changes.require_confirmation", ask_nothing)
    assert prompts.require_confirmation is not ask_nothing
    assert try_door(cmdm, "delete", ids).code == 0
    assert cmdm("get", "lead", ids["lead"]).code == 4
