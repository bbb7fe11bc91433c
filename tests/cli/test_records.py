"""Each documented call has its command; results go to stdout, all else to stderr."""

import json
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")


def test_a_record_lives_from_create_to_delete(cmdm: Command) -> None:
    created = cmdm("create", "lead", "LastName=Jönes", "Company=Acme", "City:=null")
    assert (created.code, created.err) == (0, "")
    lead = created.json["ExternalID"]
    updated = cmdm("update", "lead", lead, "Status=Contacted")
    assert updated.json == {"Message": "Record updated."}
    properties = cmdm("get", "lead", lead).json["Properties"]
    assert (properties["LastName"], properties["City"]) == ("Jönes", None)
    assert properties["Status"] == "Contacted"
    task = cmdm("create", "task", "Subject=Call", "--parent", f"lead/{lead}").json["ExternalID"]
    assert cmdm("get", "task", task).json["Properties"]["RelatedExternalID"] == lead
    assert cmdm("close", task).json == {"Message": "Record updated."}
    assert cmdm("get", "task", task).json["Properties"]["Status"] == "Closed"
    account = cmdm("convert", lead, "Name=Acme Ltd", "--yes").json["Account ExternalID"]
    assert cmdm("get", "account", account).json["Properties"]["Name"] == "Acme Ltd"
    assert cmdm("delete", "lead", lead, "-y").json == {"Message": "Record deleted."}
    gone = cmdm("get", "lead", lead)
    assert (gone.code, gone.out) == (4, b"")


def test_a_list_takes_every_documented_parameter(cmdm: Command) -> None:
    ended = cmdm(
        "list", "lead", "--fields", "LastName,City", "--per-page", "3", "--page", "2",
        "--sort-by", "LastName", "--sort-order", "desc",
    )  # fmt: skip
    page = ended.json
    assert (page["Total Records"], page["Total Pages"]) == ("100", "34")
    names = [row["Properties"]["LastName"] for row in page["Entity"]]
    assert len(names) == 3
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert all(set(row["Properties"]) == {"LastName", "City"} for row in page["Entity"])
    assert len(cmdm("list", "lead").json["Entity"]) == 100


def test_a_page_alone_holds_as_many_records_as_the_profile_says(cmdm: Command) -> None:
    page = cmdm("list", "lead", "--page", "1").json
    assert (len(page["Entity"]), page["Total Pages"]) == (100, "1")
    assert len(cmdm("list", "lead", "--per-page", "3").json["Entity"]) == 3
    assert len(cmdm("fields", "lead", "--page", "1").json["Field"]) > 10


def test_a_page_alone_is_no_larger_than_the_largest_that_was_learnt(
    cmdm: Command, home: Path
) -> None:
    assert cmdm("probe", "--entity", "lead").code == 0
    (file,) = (home / "data" / "cmdm" / "catalogs").glob("*.traits.json")
    traits = json.loads(file.read_text())
    traits["largest_page"]["value"] = 40
    file.write_text(json.dumps(traits))
    assert cmdm("list", "lead", "--page", "3").json["Total Pages"] == "3"


def test_fields_are_told(cmdm: Command) -> None:
    names = [row["Properties"]["Name"] for row in cmdm("fields", "event").json["Field"]]
    assert "Title" in names


def test_a_body_comes_from_stdin_or_a_file(cmdm: Command, tmp_path: Path) -> None:
    body = json.dumps({"LastName": "Ó Súilleabháin"}).encode()
    assert cmdm("create", "lead", "--json", "-", stdin=body).code == 0
    file = tmp_path / "lead.json"
    file.write_bytes(b"\xef\xbb\xbf" + body)
    assert cmdm("create", "lead", "--json", str(file)).code == 0


def test_any_call_can_be_made(cmdm: Command) -> None:
    listed = cmdm("api", "GET", "lead?per_page=1&page=1")
    assert len(listed.json["Entity"]) == 1
    created = cmdm("api", "POST", "lead", "--data", '{"LastName": "Jones"}')
    assert "ExternalID" in created.json
    included = cmdm("api", "-i", "GET", "account/fields?per_page=1&page=1")
    assert included.out.startswith(b"200\n")
    assert b"x-rate-limit-remaining: " in included.out


def test_the_body_of_an_error_goes_to_stdout_for_any_call(cmdm: Command) -> None:
    ended = cmdm("api", "GET", "lead/NOPE")
    assert ended.code == 4
    assert "NOPE" in ended.json["Message"]
    assert ended.err.count("\n") == 1


BAD: dict[str, tuple[list[str], int, str]] = {
    "an unknown entity": (["list", "leed"], 4, "leed"),
    "an unknown id": (["get", "lead", "NOPE"], 4, "NOPE"),
    "an unknown field": (["list", "lead", "--sort-by", "Foo"], 1, "Foo"),
    "an unknown field in a create": (["create", "lead", "LastName=x", "Foo=x"], 1, "Foo"),
    "a missing required field": (["create", "lead", "City=x"], 1, "LastName"),
    "an empty update": (["update", "lead", "NOPE"], 4, "NOPE"),
    "no NAME=VALUE": (["create", "lead", "LastName"], 2, "LastName is not NAME=VALUE"),
    "a name given twice": (["create", "lead", "A=1", "A=2"], 2, "A is given twice"),
    "bad JSON in a value": (["create", "lead", "A:={"], 2, "line 1, column 2"),
    "a parent that is none": (["create", "task", "--parent", "lead"], 2, "ENTITY/ID"),
    "both kinds of body": (["create", "lead", "A=1", "--json", "-"], 2, "either"),
    "a missing file": (["create", "lead", "--json", "nothing.json"], 2, "nothing.json"),
    "an empty id": (["get", "lead", ""], 2, "external id is empty"),
    "a path elsewhere": (["api", "GET", "https://evil.example/"], 2, "evil.example"),
    "a method that is none": (["api", "GE T", "lead"], 2, "is not a method"),
    "an unknown command": (["lst"], 2, "lst"),
    "an unknown option": (["list", "lead", "--sort", "x"], 2, "--sort"),
    "a word for a number": (["list", "lead", "--page", "two"], 2, "two"),
    "a control character": (["get", "lead", "\x1b[2J"], 4, "␛[2J"),
    "an unknown profile": (["--profile", "nope", "list", "lead"], 2, "nope"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_an_exit_code(cmdm: Command, case: str) -> None:
    words, code, named = BAD[case]
    ended = cmdm(*words)
    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith("cmdm: ")
    assert ended.err.count("\n") == 1
    assert named in ended.err
    assert "Traceback" not in ended.err
    assert "\x1b" not in ended.err


BAD_JSON: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "line 1, column 1"),
    "no end": (b'{"LastName": "x"', "line 1, column 17"),
    "a comma too many": (b'{\n "a": 1,\n}', "is not valid JSON"),
    "no object": (b"[]", "holds no JSON object"),
    "NaN": (b'{"a": NaN}', "NaN has no form in JSON"),
    "a name twice": (b'{"a": 1, "a": 2}', "the name a is twice"),
    "no UTF-8": (b'{"a": "\xff"}', "is not UTF-8 (byte 7)"),
    "a number out of range": (b'{"a": 1e9999999999999999999}', "a number that is out of range"),
    "very deep": (b"[" * 100_000, "is not valid JSON"),
    "half a character": (b'{"LastName": "\\ud800"}', "not valid Unicode"),
}


@pytest.mark.parametrize("case", BAD_JSON)
def test_bad_json_is_told_with_its_place(cmdm: Command, case: str) -> None:
    body, words = BAD_JSON[case]
    ended = cmdm("create", "lead", "--json", "-", stdin=body)
    assert (ended.code, ended.out) == (2, b"")
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_wrong_credentials_end_with_3(cmdm: Command, sandbox: RunningInfo) -> None:
    ended = cmdm("list", "lead", CMDM_PASSWORD="wrong-secret")
    assert (ended.code, ended.out) == (3, b"")
    assert "wrong-secret" not in ended.err
    assert sandbox.client_secret not in ended.err


def test_no_network_ends_with_6(cmdm: Command) -> None:
    ended = cmdm("list", "lead", CMDM_URL="http://127.0.0.1:1")
    assert (ended.code, ended.out) == (6, b"")
    assert "127.0.0.1:1 cannot be reached" in ended.err


def test_plain_http_elsewhere_ends_with_2(cmdm: Command) -> None:
    ended = cmdm("list", "lead", CMDM_URL="http://crm.example.com")
    assert (ended.code, ended.out) == (2, b"")
    assert "https" in ended.err


def test_a_partial_environment_is_told(cmdm: Command) -> None:
    ended = cmdm("list", "lead", CMDM_PASSWORD="")
    assert ended.code == 1
    assert "CMDM_PASSWORD is not" in ended.err
