"""The people of a recording are replaced wherever they are known, and joins and forms are kept."""

import base64
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace as with_changes
from typing import Any
from urllib.parse import quote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.config.settings import FieldRule
from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS, Interaction
from cmdm_tui.harness.cassettes.people import (
    accept_stand_ins,
    describe_people,
    redact_interactions,
    redact_key,
)
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.redaction.people.person_fields import PersonFields
from cmdm_tui.redaction.people.person_redactor import PersonLeft, PersonRedactor
from cmdm_tui.redaction.people.redaction_hook import RedactionHook, RedactionHookFailed
from cmdm_tui.redaction.people.stand_ins import MAIL_ENDING, StandIns

KEY = b"k" * 32


def redactor(rules: dict[str, FieldRule] | None = None, **more: Any) -> PersonRedactor:
    return PersonRedactor(StandIns(KEY), PersonFields(rules), **more)


def call(
    method: str, path: str, sent: object = None, answer: object = None, status: int = 200
) -> Interaction:
    return Interaction(
        method,
        ADDRESS + API_PATH + path,
        {"content-type": ["application/json"]},
        b"" if sent is None else json.dumps(sent, ensure_ascii=False).encode(),
        status,
        "OK",
        {"content-type": ["application/json"]},
        json.dumps(answer or {}, ensure_ascii=False).encode(),
    )


def record(properties: dict[str, Any]) -> dict[str, Any]:
    return {"ExternalID": "ABC1D2E3", "Properties": properties}


ANN = {
    "FirstName": "Ann",
    "LastName": "Ögrenström",
    "Email": "Ann.Ogrenstrom@acme.co.uk",
    "Phone": "+44 20 7946 0958",
    "PostCode": "YO1 7HH",
    "Birthday": "1980-05-17",
    "Status": "Open",
    "City": "York",
}
NOTES = "ann ögrenström of York: ring 020 7946 0958 or write to ann.ogrenstrom@acme.co.uk"


def recording() -> list[Interaction]:
    """Return calls in which Ann is in fields, notes, queries, paths, headers and JSON in every way.

    She is in a note before her fields are read.
    """
    decomposed = unicodedata.normalize("NFD", "Ögrenström")
    list_of = {"Entity": [record({"Subject": f"Call {decomposed}", "Notes": NOTES})]}
    mail = quote(ANN["Email"], safe="")
    read = call("GET", f"/lead/ABC1D2E3?who={quote('ÖGRENSTRÖM')}", answer=record(ANN))
    odd = call("GET", f"/lead?Email={mail}&sort_by=LastName&per_page=1&page=1")
    headers = with_changes(odd, headers={"x-user": ["ann.ogrenstrom@acme.co.uk"]})
    return [
        call("GET", "/task?per_page=1&page=1", answer=list_of),
        read,
        with_changes(read, body=json.dumps(record(ANN), indent=2).encode()),  # escaped
        headers,
        call("POST", "/account", {"Name": "Ögrenström & Co", "Phone": "02079460958"}, status=201),
        call("GET", f"/lead/{quote(ANN['Email'])}", answer={"Message": f"No {ANN['Email']}"}),
        with_changes(read, body=json.dumps(record(ANN)).encode()[:-120]),  # cut
    ]


LEFT = ("ögrenström", "ogrenstrom", "ann", "79460958", "7hh", "1980-05-17")


def originals_left(interactions: list[Interaction]) -> set[str]:
    """Return what of Ann can still be read, in whatever way it is written."""
    texts: list[str] = []
    for one in interactions:
        for part in (one.uri.encode(), one.request_body, one.body, repr(one.headers).encode()):
            text = part.decode("utf-8", "replace")
            unescaped = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
            texts += (text, unescaped, unquote_plus(text))
    words = " ".join(texts)
    folded = unicodedata.normalize("NFC", words).casefold()
    searched = f"{folded} {folded.replace(' ', '')}"
    return {left for left in LEFT if left in searched}


def test_no_one_is_left_however_a_value_is_written() -> None:
    assert originals_left(recording()) == set(LEFT)
    assert originals_left(redact_interactions(recording(), redactor())) == set()


BROKEN: dict[str, Callable[[], PersonRedactor]] = {
    "name": lambda: redactor({"LastName": "keep"}),
    "first name": lambda: redactor({"FirstName": "keep"}),
    "mail": lambda: redactor({"Email": "keep"}),
    "phone": lambda: redactor({"Phone": "keep"}),
    "address": lambda: redactor({"PostCode": "keep"}),
    "birth date": lambda: redactor({"Birthday": "keep"}),
    "kept": lambda: redactor(keeps=NOTES.__eq__),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_is_needed(rule: str) -> None:
    assert originals_left(redact_interactions(recording(), BROKEN[rule]())) != set()


def test_the_rest_of_a_recording_stays_as_it_is() -> None:
    before, after = recording()[1], redact_interactions(recording(), redactor())[1]
    made = json.loads(after.body)["Properties"]
    assert list(made) == list(ANN)
    assert (made["Status"], made["City"]) == ("Open", "York")
    assert after.uri.startswith(f"{ADDRESS}{API_PATH}/lead/ABC1D2E3?who=")
    assert (after.method, after.status, after.headers) == (before.method, 200, before.headers)
    paged = redact_interactions(recording(), redactor())[3].uri
    assert paged.endswith("&sort_by=LastName&per_page=1&page=1")


def test_one_person_has_one_stand_in_everywhere_and_in_other_recordings() -> None:
    first = redact_interactions(recording(), redactor())
    again = redact_interactions([*reversed(recording())], redactor())
    assert first == [*reversed(again)]
    last = json.loads(first[1].body)["Properties"]["LastName"]
    assert last in json.loads(first[4].request_body)["Name"]
    assert quote(last.upper()) in first[1].uri
    assert unicodedata.normalize("NFD", last) in first[0].body.decode()


NAMES = st.text("ABCDEFGHabcdefghüéñ", min_size=3, max_size=9)
PEOPLE = st.lists(
    st.fixed_dictionaries({
        "LastName": NAMES,
        "Email": st.from_regex(r"\A[a-z]{3,8}@[a-z]{3,8}\.com\Z"),
        "Phone": st.from_regex(r"\A\+[1-9][0-9]{2} [0-9]{3} [0-9]{5}\Z"),
    }),
    min_size=1, max_size=6,
)  # fmt: skip


@given(PEOPLE, st.data())
def test_joins_are_kept_and_values_that_differ_still_differ(
    people: list[dict[str, str]], data: st.DataObject
) -> None:
    twice = [*people, *data.draw(st.lists(st.sampled_from(people), max_size=4))]
    answer = {"Entity": [record(one) for one in twice]}
    (made,) = redact_interactions([call("GET", "/lead", answer=answer)], redactor())
    rows = [row["Properties"] for row in json.loads(made.body)["Entity"]]
    for field in ("LastName", "Email", "Phone"):
        folded = [unicodedata.normalize("NFC", one[field]).casefold() for one in twice]
        after = [row[field].casefold() for row in rows]
        assert [folded.index(one) for one in folded] == [after.index(one) for one in after]


@given(PEOPLE)
def test_what_was_accepted_as_redacted_stays_as_it_is(people: list[dict[str, str]]) -> None:
    answer = {"Entity": [record(one) for one in people]}
    (made,) = redact_interactions([call("GET", "/lead", answer=answer)], redactor())
    later = redactor()
    accept_stand_ins([answer_of(made)], later)
    assert redact_interactions([made], later) == [made]


def answer_of(interaction: Interaction) -> RecordedAnswer:
    key = (interaction.method, interaction.uri, interaction.request_body)
    return RecordedAnswer(key, interaction.status, [], b"", None, interaction.body)


@given(PEOPLE)
def test_a_call_with_the_original_values_is_found_in_the_recording(
    people: list[dict[str, str]],
) -> None:
    calls = [
        call("POST", "/lead", {**one, "Notes": f"Met {one['LastName']} {number}"}, status=201)
        for number, one in enumerate(people)
    ]
    made = redact_interactions(calls, redactor())
    replaying = redactor()
    accept_stand_ins([answer_of(one) for one in made], replaying)
    for before, after in zip(calls, made, strict=True):
        key = (before.method, before.uri, before.request_body)
        assert redact_key(key, replaying) == (after.method, after.uri, after.request_body)


def test_a_choice_is_not_taken_for_a_name_where_the_service_says_that_it_is_one() -> None:
    fields = {"Field": [record({"Name": "Type", "Type": "Picklist", "Options": "Call;Email"})]}
    task = {"Entity": [record({"Type": "Call", "Subject": "Ring Call"})]}
    calls = [
        call("GET", "/lead", answer={"Entity": [record({"LastName": "Call"})]}),
        call("GET", "/task", answer=task),
        call("GET", "/task/fields", answer=fields),
    ]
    *_, tasks, listed = redact_interactions(calls, redactor())
    made = json.loads(tasks.body)["Entity"][0]["Properties"]
    assert made["Type"] == "Call"
    assert made["Subject"] != "Ring Call"
    assert listed == calls[2]


def test_short_names_are_known_together_only() -> None:
    calls = [call("GET", "/lead/A", answer=record({"FirstName": "Bo", "LastName": "Li"}))]
    calls.append(call("GET", "/task/B", answer=record({"Notes": "Bo Li; LI, BO; li is a word"})))
    made = json.loads(redact_interactions(calls, redactor())[1].body)["Properties"]["Notes"]
    assert "bo" not in made.casefold()
    assert made.endswith("; li is a word")


def test_a_name_that_only_a_note_holds_stays() -> None:
    note = call("GET", "/task/B", answer=record({"Notes": "Ring Marchetti"}))
    assert redact_interactions([note], redactor()) == [note]


def test_a_user_is_known_by_the_whole_name_only() -> None:
    calls = [
        call("GET", "/lead/A", answer=record({"Owner": "Sales Team", "Notes": "sales are up"})),
        call("GET", "/lead/B", answer=record({"Notes": "ask the Sales Team"})),
    ]
    first, second = redact_interactions(calls, redactor())
    assert b"sales are up" in first.body
    assert b"Sales Team" not in first.body + second.body


def test_a_form_and_a_page_in_html_are_redacted_too() -> None:
    form = with_changes(
        call("POST", "/lead"),
        request_headers={"content-type": ["application/x-www-form-urlencoded"]},
        request_body=b"LastName=Marchetti&Notes=see+Marchetti",
    )
    page = with_changes(form, body=b"<p>No Marchetti, no bo@acme.com</p>", status=500)
    for one in redact_interactions([form, page], redactor()):
        assert b"Marchetti" not in one.request_body + one.body
        assert b"acme" not in one.body


def test_a_body_that_is_not_utf_8_is_redacted() -> None:
    body = json.dumps(record({"LastName": "Jiménez"}), ensure_ascii=False).encode("latin-1")
    (made,) = redact_interactions([with_changes(call("GET", "/lead/A"), body=body)], redactor())
    assert b"Jim" not in made.body
    assert made.body.startswith(b'{"ExternalID": "ABC1D2E3"')


def as_hexadecimal(content: bytes) -> str:
    return content.hex()


def as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("encode", [as_hexadecimal, as_base64])
def test_what_is_left_in_another_encoding_is_not_written(encode: Callable[[bytes], str]) -> None:
    people = redactor()
    hidden = record({**ANN, "Blob": encode(b"from ann.ogrenstrom@acme.co.uk")})
    (made,) = redact_interactions([call("GET", "/lead/A", answer=hidden)], people)
    with pytest.raises(PersonLeft, match=r"still in x\.yaml .*--people-hook"):
        people.check(made.body, "x.yaml")
    (plain,) = redact_interactions([call("GET", "/lead/A", answer=record(ANN))], people)
    people.check(plain.body, "x.yaml")


def test_the_user_is_told_what_was_replaced() -> None:
    people = redactor()
    assert "no one was replaced" in describe_people(people)
    redact_interactions(recording(), people)
    told = describe_people(people)
    assert told.startswith("People are replaced by stand-ins: 2 names, 1 mail address, ")
    assert "1 birth date" in told
    assert describe_people(None) == "People are recorded as they are, as you asked."


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("Birthday", "17/05/1980", "1980"), ("Birthday", "17 May 1980", "May"),
        ("Birthday", "1980-05", "1980"), ("Birthday", "19800517", "1980"),
        ("Phone", "ask Ann Lee", "Ann"), ("Phone", "Ann 01234 567890", "Ann"),
        ("Phone", "4321", "4321"), ("Email", "ann.lee(at)acme.com", "lee"),
        ("Email", "Ann Lee <ann.lee@acme.com>", "Lee"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_written_as_its_kind_is_replaced_in_its_field_alone(
    field: str, value: str, left: str
) -> None:
    calls = [call("GET", "/lead/A", answer=record({field: value, "Notes": f"It says {value}"}))]
    people = redactor()
    (made,) = redact_interactions(calls, people)
    properties = json.loads(made.body)["Properties"]
    assert left not in properties[field]
    replaced = properties[field].replace(MAIL_ENDING, "")
    assert re.sub("[A-Za-z0-9]", "x", value) == re.sub("[A-Za-z0-9]", "x", replaced)
    if "@" not in value and "567890" not in value:
        assert properties["Notes"] == f"It says {value}"
    people.check(made.body, "a.yaml")
    assert people.counts.keys() == {"phone"} if "567890" in value else {"words"}
    later = redactor()
    accept_stand_ins([answer_of(made)], later)
    assert redact_interactions([made], later) == [made]


def test_a_date_of_birth_in_digits_alone_is_replaced_too() -> None:
    answer = {"Properties": {"Birthday": 19800517, "Score": 19800517}}
    (made,) = redact_interactions([call("GET", "/lead/A", answer=answer)], redactor())
    properties = json.loads(made.body)["Properties"]
    assert properties["Score"] == 19800517 != properties["Birthday"]
    assert len(str(properties["Birthday"])) == 8


# A user's own function


def test_a_hook_decides_first() -> None:
    def redact(
        entity: str, field: str, value: str, stand_in: Callable[[str, str], str]
    ) -> str | None:
        if field == "Insurance":
            return stand_in("words", value)
        return value if (entity, field) == ("lead", "FirstName") else None

    people = redactor(hook=RedactionHook(redact))
    given_ = record({"Insurance": "QQ 12 34 56 C", "FirstName": "Ann", "LastName": "Marchetti"})
    noted = record({"Notes": "Ann, QQ 12 34 56 C, Marchetti"})
    calls = [call("GET", "/lead/A", answer=given_), call("GET", "/task/B", answer=noted)]
    made = [json.loads(one.body)["Properties"] for one in redact_interactions(calls, people)]
    assert made[0]["FirstName"] == "Ann"
    assert made[0]["Insurance"] != "QQ 12 34 56 C"
    assert made[1]["Notes"] == f"Ann, {made[0]['Insurance']}, {made[0]['LastName']}"


def test_a_hook_that_fails_says_where_and_no_value() -> None:
    def redact(*_: object) -> str:
        raise KeyError("Marchetti")

    people = redactor(hook=RedactionHook(redact, "hook.py"))
    with pytest.raises(RedactionHookFailed, match=r"^hook\.py, asked about task\.") as failed:
        redact_interactions(recording(), people)
    assert "Marchetti" not in str(failed.value)


def test_a_hook_that_returns_something_else_is_refused() -> None:
    def redact(*_: object) -> int:
        return 3

    people = redactor(hook=RedactionHook(redact))
    with pytest.raises(RedactionHookFailed, match="returned int, not a text or None"):
        redact_interactions(recording(), people)
