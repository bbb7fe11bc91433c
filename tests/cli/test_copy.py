"""`cmdm copy`: records of one profile's account made in another's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in", "other")

FROM_TO = ("--from", "environment", "--to", "other")


@pytest.fixture
def other(cmdm: Command, tmp_path: Path) -> Iterator[RunningInfo]:
    """A second, empty sandbox, and the profile `other` for it."""
    config = SandboxConfig(tmp_path / "other", port=0, records=0, lasting=False)
    with Sandbox.embedded(config) as info:
        ended = cmdm(
            "login", "other", "--url", info.url, "--client-id", info.client_id,
            "--username", info.username, "--secrets", "file", "--password-stdin",
            stdin=f"{info.password}\n{info.client_secret}\n".encode(),
        )  # fmt: skip
        assert ended.code == 0
        yield info


def count_there(cmdm: Command, monkeypatch: pytest.MonkeyPatch, entity: str) -> int:
    for name in ("CMDM_PASSWORD", "CMDM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    sql = f"SELECT count(*) AS n FROM {entity}"
    return int(cmdm("-p", "other", "query", "-o", "json", sql).json[0]["n"])


def test_records_and_their_relations_are_copied_and_the_copy_taken_back(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("copy", "account", "contact", *FROM_TO, "--where", "contact: AccountExternalID > 'M'")
    shown = cmdm(*words, "--where", "account: false", "--dry-run", "--all", "-o", "json")
    assert shown.code == 0
    relations = [row["new"] for row in shown.json if row["field"] == "AccountExternalID"]
    assert relations
    assert all(one.startswith("new account #") for one in relations)
    ended = cmdm(*words, "--where", "account: false")
    assert ended.code == 0
    assert "AccountExternalID of contact names records by ExternalID of account" in ended.err
    assert "The service sets CreatedDate, ModifiedDate of contact itself" in ended.err
    (listed,) = cmdm("journal", "list", "-o", "json").json
    assert listed["profile"] == "other"
    contacts = count_there(cmdm, monkeypatch, "contact")
    assert contacts > 0
    undone = cmdm("-p", "other", "journal", "undo", str(ended.json["run"]), "--yes")
    assert undone.code == 0
    assert count_there(cmdm, monkeypatch, "contact") == 0
    assert count_there(cmdm, monkeypatch, "account") == 0


def test_with_a_key_a_second_copy_changes_nothing(cmdm: Command) -> None:
    words = ("copy", "product", *FROM_TO, "--where", "Price < 100", "--key", "SKU")
    assert cmdm(*words).code == 0
    again = cmdm(*words)
    assert again.code == 0
    assert "There is nothing to change." in again.err


def test_a_read_only_profile_refuses_before_anything_is_read(cmdm: Command, home: Path) -> None:
    file = home / "config" / "cmdm" / "profiles.toml"
    file.write_text(file.read_text() + "read_only = true\n")
    ended = cmdm("copy", "account", *FROM_TO)
    assert ended.code != 0
    assert "The profile other is read-only" in ended.err
    assert "Read from" not in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("copy", "account", "--from", "other", "--to", "other"), "are one account"),
        (("copy", "account", "--from", "nobody", "--to", "other"), "nobody"),
        (("copy", "account", "account", *FROM_TO), "account is given twice"),
        (("copy", "account", "contact", *FROM_TO, "--where", "City = 'x'"), "say of which entity"),
        (("copy", "account", *FROM_TO, "--mode", "upsert"), "takes a --key"),
        (("copy", "account", *FROM_TO, "--where", "City ="), "is not an SQL condition"),
        (("copy", "widget", *FROM_TO), "environment has no entity widget"),
        (("-p", "other", "copy", "account", *FROM_TO), "takes --from and --to, and no -p"),
        (("copy", "account", "--from", "other"), "Missing option '--to'"),
    ],
)
def test_what_cannot_be_copied_is_refused(cmdm: Command, words: tuple[str, ...], said: str) -> None:
    ended = cmdm(*words)
    assert ended.code in {1, 2, 4}
    assert said in " ".join(ended.err.split())
    assert "Traceback" not in ended.err
