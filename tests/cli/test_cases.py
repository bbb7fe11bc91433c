"""`cmdm cases`, `corpus`, `record`, `replay` and `verify`, as a shell would see them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.manifest import hash_file
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.sandbox import AccountCredentials, RunningInfo, Sandbox, SandboxConfig
from tests.cli.conftest import Command
from tests.services import copy_records

NAMES = ("get-lead", "create-lead", "list-limit-hour", "get-id-unknown")
VARIABLES = (
    "url",
    "client_id",
    "client_secret",
    "username",
    "password",
    "control",
    "control_token",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a few of the cases, and their part of the manifest."""
    target = tmp_path / "cassettes"
    source = built_in_folder()
    manifest = json.loads((source / "manifest.json").read_bytes())
    keys = [key for key in manifest["cassettes"] if Path(key).stem in NAMES]
    for key in keys:
        (target / key).parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".toml", ".yaml"):
            shutil.copy((source / key).with_suffix(suffix), (target / key).parent)
    manifest["cassettes"] = {key: manifest["cassettes"][key] for key in keys}
    (target / "manifest.json").write_text(json.dumps(manifest))
    return target


@pytest.fixture
def controlled(tmp_path: Path) -> Iterator[RunningInfo]:
    config = SandboxConfig(data=tmp_path / "sandbox", port=0, records=40, control=True)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


def environment(info: RunningInfo) -> dict[str, str]:
    return {
        f"CMDM_{name.upper()}": getattr(info, name) for name in VARIABLES if getattr(info, name)
    }


def behave(info: RunningInfo, **choices: str) -> None:
    control = ControlClient(info.control or "", info.control_token or "")
    control.set_behaviours(**choices)
    control.close()


def test_cases_are_listed_by_pattern_call_and_as_json(cmdm: Command) -> None:
    ended = cmdm("cases", "list", "get-lea*", "--json")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert [row["name"] for row in rows] == ["get-lead"]
    assert rows[0]["call"] == "get"
    assert rows[0]["recorded"]
    listed = cmdm("cases", "list", "--call", "convert")
    names = [line.split()[0].decode() for line in listed.out.splitlines()]
    assert [name for name in names if not name.startswith("convert")] == ["lead-becomes-account"]
    assert "cases." in listed.err


def test_a_case_is_shown_as_its_file(cmdm: Command) -> None:
    ended = cmdm("cases", "show", "get-lead")
    assert ended.out == (built_in_folder() / "contract" / "get-lead.toml").read_bytes()
    assert "Recorded on" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cases", "show", "get-laed"], "There is no case get-laed. Did you mean get-lead"),
        (["cases", "show", "get-*"], "Name one"),
        (["cases", "list", "--call", "fetch"], "There is no call fetch"),
        (["cases", "list", "--from", "no-such-folder"], "There is no folder no-such-folder"),
        (["replay", "nothing-*"], "There is no case nothing-*"),
        (["verify", "get-lead", "--writes"], "--writes goes with --live"),
        (["-p", "acme", "verify", "get-lead"], "Say --live"),
        (["verify", "get-lead", "--live"], "profile"),
    ],
)
def test_what_could_not_be_run_ends_with_2_and_a_sentence(
    cmdm: Command, home: Path, words: list[str], said: str
) -> None:
    if "acme" in words:
        profiles = home / "config" / "cmdm" / "profiles.toml"
        profiles.parent.mkdir(parents=True)
        profiles.write_text(
            '[profiles.acme]\nurl = "https://acme.example"\nclient_id = "x"\nusername = "y"\n'
        )
    ended = cmdm(*words)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_case_that_is_answered_as_it_expects_ends_with_0(cmdm: Command) -> None:
    ended = cmdm("cases", "run", "get-lead", "create-lead")
    assert ended.code == 0
    assert "✓ 201  POST /api/v1/lead" in ended.out.decode()


def test_a_case_that_is_not_ends_with_1_and_says_where(
    cmdm: Command, controlled: RunningInfo
) -> None:
    behave(controlled, unknown="400")
    ended = cmdm("cases", "run", "get-id-unknown", **environment(controlled))
    assert ended.code == 1
    assert "✗ 400" in ended.out.decode()
    assert "The status is 400, not 404." in ended.out.decode()
    rows = cmdm("cases", "run", "get-id-unknown", "--json", **environment(controlled)).json
    assert rows["problems"] == ["The status is 400, not 404."]


@pytest.mark.parametrize("words", [("verify", "get-lead", "--live"), ("fuzz",)])
@pytest.mark.parametrize("password", ["hunter2\nrest", "hunter2 "])
def test_a_password_that_no_header_can_carry_is_refused_and_not_told(
    cmdm: Command, controlled: RunningInfo, words: tuple[str, ...], password: str
) -> None:
    known = {**environment(controlled), "CMDM_PASSWORD": password, "CMDM_CONTROL": ""}
    ended = cmdm(*words, **known)
    assert ended.code == 2
    assert "The password " in ended.err
    assert "hunter2" not in ended.err
    assert "Traceback" not in ended.err


def test_the_readme_s_case_runs_and_is_recorded_and_replayed(
    cmdm: Command, tmp_path: Path, controlled: RunningInfo
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```toml\n# my-cases/(jones\.toml)\n(.*?)```", readme, re.DOTALL)
    assert found is not None
    cases, into = tmp_path / "my-cases", tmp_path / "cassettes"
    cases.mkdir()
    (cases / found[1]).write_text(found[2], encoding="utf-8")
    (cases / "faults.toml").write_text("seed = 7\n")
    assert cmdm("cases", "run", "jones", "--from", str(cases), **environment(controlled)).code == 0
    assert cmdm("record", "--from", str(cases), "--into", str(into)).code == 0
    assert (into / "stateful" / "jones.yaml").is_file()
    assert "1 case replayed offline, 0 not" in cmdm("replay", "--from", str(into)).err
    assert cmdm("verify", "--from", str(into)).code == 0
    live = {**environment(controlled), "CMDM_CONTROL": ""}
    words = ("record", "--live", "--writes", "--from", str(cases), "--into", str(into))
    assert cmdm(*words, **live).code == 0
    recorded = (into / "live" / "jones.yaml").read_bytes()
    assert "2 cases replayed offline, 0 not" in cmdm("replay", "--from", str(into)).err
    assert "0 recorded, 1 as they were" in cmdm(*words, **live).err
    assert (into / "live" / "jones.yaml").read_bytes() == recorded


@pytest.mark.parametrize("username", ["lead", "admin", "test"])
def test_a_common_word_as_user_name_stops_no_recording(
    cmdm: Command, folder: Path, tmp_path: Path, username: str
) -> None:
    config = SandboxConfig(
        data=tmp_path / "named", port=0, records=40, control=True,
        credentials=AccountCredentials("a-client-id", "a-client-secret", username, "a-pass-9"),
    )  # fmt: skip
    copy_records(config)
    into = tmp_path / "into"
    with Sandbox.embedded(config) as info:
        words = ("record", "--from", str(folder), "--into", str(into))
        ended = cmdm(*words, **environment(info))
    assert ended.code == 0
    assert "The username is a common word, and is not searched for" in ended.err
    assert f"{len(NAMES)} recorded" in ended.err


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        (("get-lead",), ["get-id-unknown", "create-lead", "list-limit-hour"]),
        (("get-*", "stateful/create-*"), ["list-limit-hour"]),
        (("contract",), ["create-lead", "list-limit-hour"]),
        (("create", "list"), ["get-id-unknown", "get-lead"]),
        (("id",), ["get-lead", "create-lead", "list-limit-hour"]),
        (("limit:*",), ["get-id-unknown", "get-lead", "create-lead"]),
        (("valid",), ["get-id-unknown", "list-limit-hour"]),
    ],
)
def test_cases_are_excluded_by_name_kind_call_and_class(
    cmdm: Command, folder: Path, excluded: tuple[str, ...], left: list[str]
) -> None:
    words = [word for name in excluded for word in ("--exclude", name)]
    ended = cmdm("cases", "list", "--json", "--from", str(folder), *words)
    assert [json.loads(line)["name"] for line in ended.out.splitlines()] == left


@pytest.mark.parametrize("command", [("cases", "run"), ("replay",), ("verify",), ("record",)])
def test_what_is_excluded_must_be_there(
    cmdm: Command, folder: Path, command: tuple[str, ...]
) -> None:
    ended = cmdm(*command, "--from", str(folder), "--exclude", "nope")
    assert ended.code == 2
    assert "--exclude nope: none of the cases chosen has that name, kind, call, class" in ended.err
    ended = cmdm(*command, "--from", str(folder), "--exclude", "*")
    assert (ended.code, "--exclude leaves out every case" in ended.err) == (2, True)


def test_a_folder_of_cases_is_run_whole(cmdm: Command, folder: Path) -> None:
    ended = cmdm("cases", "run", "--from", str(folder))
    assert ended.code == 0
    assert f"{len(NAMES)} cases run, answered as expected." in ended.err
    ended = cmdm("cases", "run")
    assert ended.code == 2
    assert "Name cases, or a folder with --from" in ended.err


def test_a_case_that_holds_a_secret_is_not_copied_beside_its_cassette(
    cmdm: Command, tmp_path: Path, controlled: RunningInfo
) -> None:
    cases, into = tmp_path / "my-cases", tmp_path / "cassettes"
    cases.mkdir()
    text = f"""
        version = 1
        name = "kept"
        summary = "A header that no cassette holds."
        endpoint = "list"
        [[steps]]
        method = "GET"
        path = "/lead?per_page=1&page=1"
        headers = [["X-Key", "{controlled.client_secret}"]]
        expect = {{ status = 200 }}
        """
    (cases / "kept.toml").write_text(text)
    words = ("record", "--from", str(cases), "--into", str(into))
    ended = cmdm(*words, **environment(controlled))
    assert ended.code == 1
    assert "The case holds a secret" in ended.err
    assert controlled.client_secret not in ended.err
    assert [path.name for path in into.rglob("*") if path.is_file()] == ["manifest.json"]


def test_the_corpus_is_built_and_checked(cmdm: Command, tmp_path: Path) -> None:
    into = tmp_path / "corpus"
    assert cmdm("corpus", "build", "--into", str(into)).code == 0
    built = {path.name: path.read_bytes() for path in into.glob("*/*.toml")}
    assert cmdm("corpus", "build", "--into", str(into), "--check").code == 0
    assert built["get-lead.toml"] == (built_in_folder() / "contract" / "get-lead.toml").read_bytes()
    path = into / "contract" / "get-lead.toml"
    path.write_text(path.read_text().replace("retrieved", "got"))
    ended = cmdm("corpus", "build", "--into", str(into), "--check")
    assert ended.code == 1
    assert ended.out.decode().strip() == f"differs {path}"


def test_a_case_written_by_hand_is_left_alone(cmdm: Command, tmp_path: Path) -> None:
    path = tmp_path / "contract" / "get-lead.toml"
    path.parent.mkdir(parents=True)
    text = (built_in_folder() / "contract" / "get-lead.toml").read_text().replace("seed = 7\n", "")
    path.write_text(text)
    ended = cmdm("corpus", "build", "--into", str(tmp_path))
    assert ended.code == 2
    assert "was written by hand" in ended.err
    assert path.read_text() == text


def test_recording_again_changes_nothing(cmdm: Command, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.glob("*/*")}
    ended = cmdm("record", "--into", str(folder))
    assert ended.code == 0
    assert f"0 recorded, {len(NAMES)} as they were" in ended.err
    assert {path: path.read_bytes() for path in folder.glob("*/*")} == before


def test_a_controlled_sandbox_is_recorded_of_and_put_back(
    cmdm: Command, folder: Path, controlled: RunningInfo, tmp_path: Path
) -> None:
    into = tmp_path / "again"
    words = ("record", "--from", str(folder), "--into", str(into))
    assert cmdm(*words, **environment(controlled)).code == 0
    for path in folder.glob("*/*"):
        assert (into / path.relative_to(folder)).read_bytes() == path.read_bytes()
    manifest = json.loads((into / "manifest.json").read_bytes())["cassettes"]
    assert {entry["target"] for entry in manifest.values()} == {controlled.url}
    control = ControlClient(controlled.control or "", controlled.control_token or "")
    assert not control.is_clock_frozen()
    assert abs(control.read_clock() - datetime.now(UTC).timestamp()) < 60
    control.close()


def test_a_service_that_echoes_a_secret_is_not_recorded(
    cmdm: Command, folder: Path, controlled: RunningInfo
) -> None:
    path = folder / "contract" / "get-id-unknown.toml"
    path.write_text(path.read_text().replace("NOSUCHID", "${password}"))
    before = path.with_suffix(".yaml").read_bytes()
    words = ("record", "get-id-unknown", "create-lead", "--into", str(folder))
    ended = cmdm(*words, **environment(controlled))
    assert ended.code == 1
    assert "A secret would have been written" in ended.err
    assert "1 as they were, 1 not as expected" in ended.err
    assert controlled.password not in ended.err
    assert path.with_suffix(".yaml").read_bytes() == before


@pytest.mark.parametrize("words", [[], ["--vcr"]])
def test_replay_says_that_all_is_as_recorded(cmdm: Command, folder: Path, words: list[str]) -> None:
    ended = cmdm("replay", "--from", str(folder), *words)
    assert ended.code == 0
    assert f"{len(NAMES)} cases replayed offline, 0 not as recorded." in ended.err


@pytest.mark.parametrize("words", [[], ["--vcr"]])
def test_replay_notices_a_changed_cassette_and_a_changed_case(
    cmdm: Command, folder: Path, words: list[str]
) -> None:
    cassette = folder / "contract" / "get-id-unknown.yaml"
    cassette.write_text(cassette.read_text().replace("code: 404", "code: 200"))
    case = folder / "contract" / "get-lead.toml"
    case.write_text(case.read_text().replace("page=1", "page=2"))
    ended = cmdm("replay", "--from", str(folder), *words)
    told = ended.out.decode()
    assert ended.code == 1
    assert "get-id-unknown: The cassette was changed after it was recorded" in told
    assert "get-id-unknown: Step 1: The status is 200, not 404." in told
    assert "get-lead: The case was changed after it was recorded" in told
    assert len([line for line in told.splitlines() if line.startswith("get-lead: ")]) > 1


@pytest.mark.parametrize("suffixes", [(".yaml",), (".yaml", ".toml"), (".toml",)])
def test_what_the_manifest_names_and_is_lost_is_an_error(
    cmdm: Command, folder: Path, suffixes: tuple[str, ...]
) -> None:
    for suffix in suffixes:
        (folder / "contract" / "get-lead").with_suffix(suffix).unlink()
    ended = cmdm("replay", "--from", str(folder))
    assert ended.code == 1
    assert "lost: bring" in ended.out.decode()
    assert "1 not as recorded" in ended.err
    assert cmdm("replay", "--from", str(folder), "get-id-unknown").code == 0
    ended = cmdm("verify", "--from", str(folder))
    assert ended.code == 1
    assert "contract/get-lead.yaml: " in ended.err
    assert "verified" not in ended.err


def test_a_lost_cassette_stays_in_the_manifest_until_it_is_recorded_again(
    cmdm: Command, folder: Path
) -> None:
    (folder / "contract" / "get-lead.yaml").unlink()
    assert cmdm("record", "get-id-unknown", "--into", str(folder)).code == 0
    assert cmdm("replay", "--from", str(folder)).code == 1
    assert cmdm("record", "get-lead", "--into", str(folder)).code == 0
    assert cmdm("replay", "--from", str(folder)).code == 0


def test_verify_finds_no_drift_in_a_fresh_sandbox(cmdm: Command, folder: Path) -> None:
    ended = cmdm("verify", "--from", str(folder))
    assert ended.code == 0
    assert ended.out == b""
    assert f"{len(NAMES)} cases verified: no drift." in ended.err


def test_verify_reports_drift_line_by_line_and_as_json(
    cmdm: Command, folder: Path, controlled: RunningInfo
) -> None:
    behave(controlled, unknown="400", token_header="missing")
    words = ("verify", "--from", str(folder))
    ended = cmdm(*words, **environment(controlled))
    told = ended.out.decode()
    assert ended.code == 1
    assert re.search(
        r"^error    get-id-unknown, step 1, status is 400, and was 404\.$", told, re.MULTILINE
    )
    assert re.search(r"^warning  get-lead, step 1, x-token-reset is gone\.$", told, re.MULTILINE)
    report = cmdm(*words, "--json", **environment(controlled)).json
    assert (report["schema"], report["version"]) == ("cmdm-drift", 1)
    assert report["cases"] == len(NAMES)
    assert {"error", "warning"} == {drift["severity"] for drift in report["drifts"]}


def test_what_is_only_new_ends_with_0(cmdm: Command, folder: Path) -> None:
    cassette = folder / "contract" / "get-lead.yaml"
    text = cassette.read_text()
    assert '"City":' in text
    manifest = folder / "manifest.json"
    was = hash_file(cassette)
    cassette.write_text(re.sub(r'"City":"[^"]*",', "", text))
    manifest.write_text(manifest.read_text().replace(was, hash_file(cassette)))
    ended = cmdm("verify", "get-lead", "--from", str(folder))
    assert ended.code == 0
    assert "info" in ended.out.decode()
    assert "/City is new" in ended.out.decode()


@pytest.mark.parametrize("suffix", [".yaml", ".toml"])
def test_what_was_changed_after_it_was_recorded_is_not_taken_for_drift(
    cmdm: Command, folder: Path, suffix: str
) -> None:
    changed = (folder / "contract" / "get-id-unknown").with_suffix(suffix)
    changed.write_text(changed.read_text().replace("404", "400"))
    ended = cmdm("verify", "--from", str(folder))
    assert ended.code == 1
    assert "was changed after it was recorded: record it again" in ended.err
    assert "verified" not in ended.err


def test_old_cassettes_fail_loudly_and_nothing_is_recorded(cmdm: Command, folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    old = (datetime.now(UTC) - timedelta(days=31)).date().isoformat()
    manifest["cassettes"]["contract/get-lead.yaml"]["recorded"] = old
    del manifest["cassettes"]["contract/get-id-unknown.yaml"]
    path.write_text(json.dumps(manifest))
    before = {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    ended = cmdm("verify", "get-lead", "--from", str(folder), "--max-age", "30")
    assert ended.code == 1
    assert "1 cassette is over 30 days old: contract/get-lead.yaml." in ended.err
    ended = cmdm("verify", "get-id-unknown", "--from", str(folder), "--max-age", "30")
    assert ended.code == 1
    assert "of unknown age" in ended.err
    assert cmdm("verify", "get-lead", "--from", str(folder), "--max-age", "31").code == 0
    assert {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()} == before


# A live service.


def total(cmdm: Command, entity: str) -> str:
    return cmdm("list", entity, "--per-page", "1", "--page", "1").json["Total Records"]


def test_a_live_service_is_only_read_unless_told(
    cmdm: Command, folder: Path, signed_in: RunningInfo
) -> None:
    ended = cmdm("verify", "--live", "--from", str(folder))
    assert ended.code == 0
    assert "2 cases verified" in ended.err
    assert "1 case left out: they change something; --writes runs them too." in ended.err
    assert "1 case left out: they need a control plane." in ended.err


def test_a_wrong_sign_in_is_sent_to_no_live_service_unless_told(
    cmdm: Command, signed_in: RunningInfo
) -> None:
    ended = cmdm("verify", "--live", "authenticate-refused", "authenticate-route-upper")
    assert ended.code == 2
    assert "2 cases left out: a wrong sign-in may lock an account" in ended.err


def test_a_live_run_that_the_quota_cuts_short_tells_what_it_saw(
    cmdm: Command, controlled: RunningInfo
) -> None:
    known = {**environment(controlled), "CMDM_CONTROL": ""}
    control = ControlClient(controlled.control or "", controlled.control_token or "")
    control.set(rate_limit=9)
    control.set_behaviours(totals="numbers")
    words = ("verify", "--live", "--json", "list-*")
    ended = cmdm(*words, **known)
    control.close()
    assert ended.code == 1
    (whole,) = re.findall(r"^cmdm: (\d+) cases against", ended.err, re.MULTILINE)
    assert 0 < ended.json["cases"] < int(whole)
    assert ended.json["drifts"]
    assert not ended.json["complete"]
    assert "Run the rest in the next hour" in ended.json["reason"]
    assert "Run the rest in the next hour" in ended.err
    assert cmdm(*words, **known).code == 5


def test_a_service_that_goes_away_is_not_drift(cmdm: Command, controlled: RunningInfo) -> None:
    known = {**environment(controlled), "CMDM_CONTROL": "", "CMDM_URL": "http://127.0.0.1:1"}
    ended = cmdm("verify", "--live", "get-authorization-none", **known)
    assert ended.code == 2
    assert "http://127.0.0.1:1/api/v1 cannot be reached" in ended.err


def test_with_writes_what_is_made_is_deleted(
    cmdm: Command, folder: Path, signed_in: RunningInfo
) -> None:
    before = total(cmdm, "lead")
    ended = cmdm("verify", "--live", "--writes", "--from", str(folder))
    assert (ended.code, ended.out) == (0, b"")
    assert "3 cases verified: no drift." in ended.err
    assert total(cmdm, "lead") == before


def test_a_read_only_profile_refuses_writes(
    cmdm: Command, folder: Path, signed_in: RunningInfo, home: Path
) -> None:
    profiles = home / "config" / "cmdm" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(
        f'[profiles.acme]\nurl = "{signed_in.url}"\nclient_id = "{signed_in.client_id}"\n'
        f'username = "{signed_in.username}"\nread_only = true\n'
    )
    words = ("-p", "acme", "verify", "--live", "--writes", "--from", str(folder))
    ended = cmdm(*words)
    assert ended.code == 2
    assert "read-only" in ended.err


def test_a_live_recording_goes_to_a_folder_of_its_own(
    cmdm: Command, folder: Path, signed_in: RunningInfo, tmp_path: Path
) -> None:
    into = tmp_path / "out"
    words = ("record", "--live", "--from", str(folder), "--into", str(into))
    assert cmdm(*words).code == 0
    assert sorted(path.name for path in into.glob("*/*.yaml")) == [
        "get-id-unknown.yaml",
        "get-lead.yaml",
    ]
    assert {path.parent.name for path in into.glob("*/*")} == {"live"}
    assert cmdm("replay", "--from", str(into)).code == 0
    ended = cmdm("verify", "--live", "--from", str(into))
    assert (ended.code, ended.out) == (0, b"")
    assert "2 cases verified" in ended.err


def test_a_live_recording_replaces_people_unless_it_is_told_not_to(
    cmdm: Command, controlled: RunningInfo, folder: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    words = ("record", "get-lead", "--live", "--from", str(folder), "--into", str(into))
    cassette = into / "live" / "get-lead.yaml"
    manifest = into / "manifest.json"
    ended = cmdm(*words, **environment(controlled))
    assert ended.code == 0
    assert "People are replaced by stand-ins: 2 names, 1 mail address" in ended.err
    assert "Rhys" not in cassette.read_text()
    assert "people_key" in manifest.read_text()
    replayed = cmdm("replay", "--from", str(into))
    assert (replayed.code, replayed.out) == (0, b"")
    first = [line for line in cassette.read_text().splitlines() if "LastName" in line]
    cmdm(*words, **environment(controlled))
    assert first == [line for line in cassette.read_text().splitlines() if "LastName" in line]
    ended = cmdm(*words, "--keep-people", **environment(controlled))
    assert "People are recorded as they are, as you asked." in ended.err
    assert "Rhys" in cassette.read_text()
    assert "people_key" not in manifest.read_text()


def test_a_hook_of_the_user_replaces_values_in_any_recording(
    cmdm: Command, folder: Path, tmp_path: Path
) -> None:
    hook = tmp_path / "people.py"
    hook.write_text(
        "def redact(entity, field, value, stand_in):\n"
        "    return 'Nowhere' if field == 'City' else value\n"
    )
    hook.chmod(0o600)
    into = tmp_path / "into"
    words = ("record", "get-lead", "--from", str(folder), "--into", str(into))
    assert cmdm(*words, "--people-hook", str(hook)).code == 0
    text = (into / "contract" / "get-lead.yaml").read_text()
    assert '"City":"Nowhere"' in text
    assert "Rhys" in text
    both = cmdm(*words, "--people-hook", str(hook), "--keep-people")
    assert (both.code, "exclude each other" in both.err) == (2, True)
    hook.write_text("def redact(*given):\n    raise KeyError('Rhys')\n")
    failed = cmdm(*words, "--people-hook", str(hook))
    assert failed.code == 2
    assert "failed with KeyError. Correct it there." in failed.err
    assert "Rhys" not in failed.err


def test_the_sandbox_s_people_are_invented_and_stay(
    cmdm: Command, folder: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    ended = cmdm("record", "get-lead", "--from", str(folder), "--into", str(into))
    assert "People" not in ended.err
    assert "Rhys" in (into / "contract" / "get-lead.yaml").read_text()


def test_what_was_recorded_of_a_live_service_is_for_it_alone(
    cmdm: Command, folder: Path, signed_in: RunningInfo
) -> None:
    assert cmdm("record", "get-lead", "--live", "--into", str(folder)).code == 0
    live = (folder / "live" / "get-lead.yaml").read_bytes()
    assert live != (folder / "contract" / "get-lead.yaml").read_bytes()
    ended = cmdm("verify", "--live", "--from", str(folder))
    assert "1 case verified" in ended.err
    assert cmdm("record", "--into", str(folder)).code == 0
    assert (folder / "live" / "get-lead.yaml").read_bytes() == live
    assert cmdm("cases", "show", "live/get-lead", "--from", str(folder)).code == 0


def test_without_the_extra_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['vcr'] = None; from cmdm_tui.cli.main import run;"
        "sys.exit(run(['record', 'get-lead', '--into', sys.argv[1]]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "/nowhere"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pipx install 'cmdm-tui[harness]'" in ended.stderr
    assert "Traceback" not in ended.stderr
