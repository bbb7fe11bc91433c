"""Which service a command means: one rule for record, cases, verify and fuzz."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.credentials import read_credentials
from tests.cli.conftest import Command
from tests.services import copy_records

LIVE = "https://crm.example"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RunningInfo]:
    """A sandbox that answers differently from the recordings: its totals are numbers."""
    data = tmp_path / "box"
    config = SandboxConfig(data, 0, 40, control=True, behaviours={"totals": "numbers"})
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
def secrets(box: RunningInfo, home: Path) -> dict[str, str]:
    """Keep the profiles box, a sandbox on this machine, and prod, a live service."""
    file = home / "config" / "cmdm" / "profiles.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "".join(
            f'[profiles.{name}]\nurl = "{url}"\nclient_id = "{box.client_id}"\n'
            f'username = "{box.username}"\n'
            for name, url in (("box", box.url), ("prod", LIVE))
        )
    )
    return {"CMDM_CLIENT_SECRET": box.client_secret, "CMDM_PASSWORD": box.password}


def control_of(box: RunningInfo) -> dict[str, str]:
    return {
        "CMDM_CONTROL": box.control or "",
        "CMDM_CONTROL_TOKEN": box.control_token or "",
    }


def address_of(box: RunningInfo) -> dict[str, str]:
    return {
        "CMDM_URL": box.url,
        "CMDM_CLIENT_ID": box.client_id,
        "CMDM_USERNAME": box.username,
    }


NAMED: dict[str, tuple[list[str], dict[str, str]]] = {
    "option": (["-p", "box"], {}),
    "variable": ([], {"CMDM_PROFILE": "box"}),
}


@pytest.mark.parametrize("how", [*NAMED, "address"])
def test_verify_is_of_the_service_that_is_named(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], how: str
) -> None:
    words, variables = NAMED.get(how, ([], address_of(box)))
    ended = cmdm(*words, "verify", "get-lead", **secrets, **variables)
    assert f"1 case against {box.url}" in ended.err
    assert ended.code == 1
    assert b"/Total Records" in ended.out


@pytest.mark.parametrize("how", NAMED)
def test_cases_are_run_on_the_service_that_is_named(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], how: str, tmp_path: Path
) -> None:
    words, variables = NAMED[how]
    case = (
        'version = 1\nname = "totals"\nsummary = "Totals are numbers."\nendpoint = "list"\n'
        '[[steps]]\nmethod = "GET"\npath = "/lead?per_page=1&page=1"\n'
        'expect = { status = 200, values = { "/Total Records" = 40 } }\n'
    )
    (tmp_path / "totals.toml").write_text(case)
    ended = cmdm(*words, "cases", "run", "totals", "--from", str(tmp_path), **secrets, **variables)
    assert ended.code == 0, ended


@pytest.mark.parametrize("how", NAMED)
def test_the_service_that_is_named_is_recorded(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], how: str, tmp_path: Path
) -> None:
    words, variables = NAMED[how]
    into = tmp_path / "into"
    ended = cmdm(*words, "record", "get-lead", "--into", str(into), **secrets, **variables)
    assert ended.code == 0, ended
    manifest = json.loads((into / "manifest.json").read_bytes())["cassettes"]
    assert {entry["target"] for entry in manifest.values()} == {box.url}


@pytest.mark.parametrize("how", NAMED)
def test_the_service_that_is_named_is_fuzzed(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], how: str, tmp_path: Path
) -> None:
    words, variables = NAMED[how]
    options = ("--seed", "1", "--max-requests", "20", "--report-dir", str(tmp_path / "report"))
    ended = cmdm(*words, "fuzz", *options, **secrets, **variables)
    assert f"Fuzzing {box.url}, with records that the run creates" in ended.err


ALL = [
    ("verify", "get-lead"),
    ("cases", "run", "get-lead"),
    ("record", "get-lead"),
    ("fuzz", "--max-requests", "9"),
]


@pytest.mark.parametrize("words", ALL)
@pytest.mark.parametrize("has_control", [False, True])
def test_what_is_not_a_sandbox_needs_live(
    cmdm: Command,
    box: RunningInfo,
    secrets: dict[str, str],
    words: tuple[str, ...],
    has_control: bool,
) -> None:
    """The control plane of another server is no proof, and is not used."""
    variables = control_of(box) if has_control else {}
    ended = cmdm("-p", "prod", *words, **secrets, **variables)
    assert ended.code == 2
    assert f"{LIVE} is not known to be a sandbox. Say --live" in ended.err


@pytest.mark.parametrize("words", ALL)
def test_a_control_plane_of_another_address_is_refused(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], words: tuple[str, ...]
) -> None:
    other = {"CMDM_CONTROL": "http://127.0.0.1:1/_sandbox", "CMDM_CONTROL_TOKEN": "t"}
    ended = cmdm("-p", "box", *words, **secrets, **other)
    assert ended.code == 2
    assert "CMDM_CONTROL is the control plane of another address" in ended.err


@pytest.mark.parametrize("words", ALL)
def test_writes_go_with_live(cmdm: Command, words: tuple[str, ...]) -> None:
    ended = cmdm(*words, "--writes")
    assert ended.code == 2
    assert "--writes goes with --live" in ended.err


@pytest.mark.parametrize("words", ALL)
def test_a_profile_that_is_not_there_is_named(
    cmdm: Command, home: Path, words: tuple[str, ...]
) -> None:
    ended = cmdm("-p", "nobody", *words)
    assert ended.code == 2
    assert "nobody" in ended.err


def test_a_control_plane_restores_a_profile_s_sandbox(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str]
) -> None:
    """`create-lead` changes something: it runs, and nothing of it stays."""
    ended = cmdm("-p", "box", "cases", "run", "create-lead", **secrets, **control_of(box))
    assert ended.code == 0, ended
    total = cmdm("-p", "box", "list", "lead", "--per-page", "1", "--page", "1", **secrets).json
    assert total["Total Records"] == 40


def test_a_read_only_profile_is_not_written_to(
    cmdm: Command, box: RunningInfo, secrets: dict[str, str], home: Path
) -> None:
    file = home / "config" / "cmdm" / "profiles.toml"
    file.write_text(
        file.read_text().replace("[profiles.prod]", "read_only = true\n[profiles.prod]")
    )
    ended = cmdm("-p", "box", "cases", "run", "create-lead", **secrets, **control_of(box))
    assert ended.code == 2
    assert "1 case left out: they change something, and the profile is read-only." in ended.err


@pytest.mark.parametrize(
    ("words", "password"),
    [
        (("verify", "--json", "get-lead"), "schema"),
        (("cases", "run", "get-lead", "--json"), "status"),
        (("fuzz", "--plain", "--seed", "1", "--max-requests", "20"), "status"),
    ],
)
def test_a_secret_that_would_be_written_ends_every_command_with_1(
    cmdm: Command, tmp_path: Path, words: tuple[str, ...], password: str, home: Path
) -> None:
    """The password is a word that the command's report holds."""
    file = tmp_path / "credentials.json"
    known = {"client_id": "one", "client_secret": "a-secret-word", "username": "u@example.com"}
    file.write_text(json.dumps({**known, "password": password}))
    file.chmod(0o600)
    config = SandboxConfig(tmp_path / "data", 0, 40, credentials=read_credentials(file))
    folder = ("--report-dir", str(tmp_path / "report")) if words[0] == "fuzz" else ()
    copy_records(config)
    with Sandbox.embedded(config) as info:
        variables = {f"CMDM_{name.upper()}": value for name, value in known.items()}
        ended = cmdm(*words, *folder, CMDM_URL=info.url, CMDM_PASSWORD=password, **variables)
    assert ended.code == 1, ended
    assert "A secret would have been written" in ended.err
