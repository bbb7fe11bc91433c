from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cmdm_tui.api import Field
from cmdm_tui.catalog import Account
from cmdm_tui.changes import change_set
from cmdm_tui.query.completion.sql_offers import OWNER_FIELDS, PROCEDURES
from cmdm_tui.query.parsing.write_parts import Procedure
from cmdm_tui.repl.completion.completer import StatementCompleter
from cmdm_tui.repl.completion.rules import RULES, suggest
from cmdm_tui.repl.session_catalog import SessionCatalog
from cmdm_tui.text import visible

FIELDS = (
    Field("FirstName", type="Text"),
    Field("LastName", type="Text", required=True),
    Field("Lead Source", type="Picklist", options=("Web", "Re\u202eferral")),
    Field("Status", type="Picklist", options=("New", "Contacted")),
    Field("OptIn", type="Boolean"),
    Field("CreatedDate", type="DateTime", read_only=True),
    Field('Od"d\x1b', type="\x1b[2J"),
)
TASK_FIELDS = (Field("Subject"), Field("RelatedExternalID", read_only=True))


class Lead:
    """A server of which the entities are known, and the fields of lead and account."""

    entities = ("account", "lead", "contact", "task", "opportunity", "event", "bad\x1bname")

    def fields(self, entity: str) -> Sequence[Field]:
        known = {"lead": FIELDS, "account": (Field("Name"),), "task": TASK_FIELDS}
        return known.get(entity, ())


def offered(text: str) -> list[str]:
    return [offer.text for offer in suggest(text, Lead()).offers]


SETTABLE = ["FirstName", "LastName", '"Lead Source"', "Status", "OptIn"]
ENTITIES = ["account", "lead", "contact", "task", "opportunity", "event", "bad%1Bname"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "",
            [
                "GET ",
                "POST ",
                "PUT ",
                "DELETE ",
                "SELECT ",
                "WITH ",
                "EXPLAIN ",
                "SHOW ENTITIES",
                "DESCRIBE ",
                "INSERT INTO ",
                "UPDATE ",
                "DELETE FROM ",
                "CALL ",
            ],
        ),
        ("P", ["POST ", "PUT "]),
        ("p", ["post ", "put "]),
        ("GET ", ENTITIES),
        ("get /", ENTITIES),
        ("GET le", ["lead"]),
        ("PUT Lead/", ["convert/"]),
        ("PUT task/c", ["close/"]),
        ("GET lead/f", ["fields"]),
        ("GET task/f", []),
        ("DELETE lead/", []),
        ("POST lead/ABC/", ["task", "opportunity"]),
        ("GET lead?", ["per_page=", "page=", "fields=", "sort_by=", "sort_order="]),
        ("GET lead?per_page=5&p", ["page="]),
        ("GET lead/fields?", ["per_page=", "page="]),
        ("GET lead/ABC?", []),
        ("GET lead?fields=l", ["LastName", "Lead%20Source"]),
        ("GET lead?fields=LastName,Fi", ["FirstName"]),
        ("GET lead?fields=LastName,L", ["Lead%20Source"]),
        ("GET lead?page=1&sort_by=cre", ["CreatedDate"]),
        ("GET lead?sort_by=sta", ["Status"]),
        ("GET lead?sort_order=", ["asc", "desc"]),
        ("GET lead?per_page=", []),
        ("GET unknown?fields=", []),
        ('POST lead {"Las', ['"LastName": ']),
        ("POST lead {las", ['"LastName": ']),
        ('POST lead {"Status": "', ['"New"', '"Contacted"']),
        ('POST lead {"Status": "n', ['"New"']),
        ('POST lead {"Status": ', ['"New"', '"Contacted"']),
        ('POST lead {"Lead Source": "R', ['"Re\\u202eferral"']),
        ('POST lead {"Status": "New"', []),
        ('POST lead {"OptIn":', ['"true"', '"false"']),
        ('PUT lead/A {\n  "Status": "New",\n  "l', ['"LastName": ', '"Lead Source": ']),
        ('PUT lead/A {"LastName": "x", "lastn', []),
        ('POST lead {"od', ['"Od\\"d\\u001b": ']),
        ('POST lead {"Created', []),
        ('POST lead {"a": {"Las', []),
        ('POST lead ["Las', []),
        ('PUT lead/convert/A {"', ['"Name": ']),
        ('POST account/A/task {"', ['"Subject": ']),
        ("\\", None),
        ("\\for", ["\\forget"]),
        ("\\d l", ["lead"]),
        ("\\forget ev", ["event"]),
        ("\\x ", ["on", "off", "auto"]),
        ("\\o j", ["json", "jsonl"]),
        ("\\q ", []),
        ("GET lead\nGET tas", ["task"]),
        ("GET lead?sort_by=date", ["CreatedDate"]),
        ("SELECT * FROM le", ["lead"]),
        ("select * from account join ta", ["task"]),
        ("SELECT * FROM lead, ta", ["task"]),
        ("DESCRIBE op", ["opportunity"]),
        ("SELECT Las", ["LastName"]),
        ("SELECT\n  las", ["LastName"]),
        ("SELECT l.sta", []),
        ("SELECT * FROM lead l WHERE l.sta", ["Status"]),
        ("SELECT * FROM lead AS l WHERE L.Sta", ["Status"]),
        ("SELECT * FROM task WHERE LastN", []),
        ("SELECT * FROM lead WHERE sou", ['"Lead Source"']),
        ("SELECT * FROM lead ORDER B", ["BY"]),
        ("SELECT coun", ["count("]),
        ("SELECT * FROM lead WHERE City = 'Las", []),
        ("SELECT * FROM lead -- Las", []),
        ("SELECT 1;\nGET le", ["lead"]),
        ('SELECT "Lead Source", sta', ["Status"]),
        ('SELECT "Lead S', ['"Lead Source"']),
        ("up", ["update "]),
        ("del", ["delete ", "delete from "]),
        ("DELETE F", ["FROM "]),
        ("UPDATE le", ["lead"]),
        ("INSERT INTO ta", ["task"]),
        ("delete from op", ["opportunity"]),
        ("CALL ", ["convert_lead('", "close_task('"]),
        ("call clo", ["close_task('"]),
        ("CALL close_task((SELECT * FROM ta", ["task"]),
        ("UPDATE lead SET ", SETTABLE),
        ("UPDATE lead AS l SET ", SETTABLE),
        ("UPDATE Lead l\nSET sta", ["Status"]),
        ("UPDATE lead SET created", []),
        ("UPDATE lead SET extern", []),
        ("UPDATE lead SET Status = 'a, b', OptIn = coalesce(OptIn, true), ", SETTABLE[:3]),
        ("UPDATE lead SET Status = CREATED", ["CreatedDate"]),
        ("UPDATE lead SET Status = coalesce(created", ["CreatedDate"]),
        ("UPDATE lead SET Status = 'x' WHERE crea", ["CreatedDate"]),
        ("UPDATE lead SET Status = 'x' WHERE Status = 'y' RETURN", ["RETURNING"]),
        ("UPDATE lead l SET Status = 'x' WHERE l.fir", ["FirstName"]),
        ("INSERT INTO lead (", SETTABLE),
        ('INSERT INTO lead (Status, "Lead Source", ', ["FirstName", "LastName", "OptIn"]),
        ("INSERT INTO lead (Status) VAL", ["VALUES"]),
        ("INSERT INTO lead (Status) SEL", ["SELECT"]),
        ("INSERT INTO task (Subject, rel", ["RelatedExternalID"]),
        ("UPDATE task SET rel", []),
        ("DELETE FROM lead WHERE sta", ["Status"]),
        ("SELECT * FROM lead WHERE Status = 1 RETURN", []),
        ("SELECT * FROM lead LIMIT 1 VALU", []),
    ],
)
def test_offers(text: str, expected: list[str] | None) -> None:
    if expected is None:
        assert len(offered(text)) > 10
    else:
        assert offered(text) == expected


def test_what_completion_knows_of_changes_is_so() -> None:
    assert list(PROCEDURES) == [one.name.casefold() for one in Procedure]
    assert OWNER_FIELDS == change_set.OWNER_FIELDS


PIECES = st.sampled_from(
    ["GET ", "post ", "PUT ", "SELECT ", "UPDATE lead SET ", "INSERT INTO lead (",
     "CALL ", "(", "FROM lead ", "'", "--",
     ".", "lead", "/", "?", "&", "fields=", "sort_by=", ",", "{", "}", '"',
     ":", "\\", "\\d ", "LastName", "Status", "\n", " ", "[", "\x1b", "convert", "=", "%", "\ud800"]
)  # fmt: skip


@given(st.lists(PIECES | st.characters(), max_size=12).map("".join), st.integers(0, 60))
def test_completion_never_fails_and_never_offers_what_a_terminal_obeys(
    text: str, cursor: int
) -> None:
    document = Document(text, min(cursor, len(text)))
    for found in StatementCompleter(Lead()).get_completions(document, CompleteEvent()):
        assert visible(found.text) == found.text
        assert visible(found.display_text + found.display_meta_text) == (
            found.display_text + found.display_meta_text
        )
        assert 0 <= -found.start_position <= document.cursor_position


def test_the_entity_behind_the_cursor_tells_the_fields() -> None:
    before, behind = "SELECT sub", " FROM task;"
    document = Document(before + behind, len(before))
    found = StatementCompleter(Lead()).get_completions(document, CompleteEvent())
    assert [one.text for one in found] == ["Subject"]


async def test_completion_makes_no_call(account: Account, calls: list[str]) -> None:
    completer = StatementCompleter(SessionCatalog(account.catalog))
    for text in ("SELECT * FROM lead WHERE ", "GET le", "GET lead?fields=", 'POST lead {"', "\\d "):
        list(completer.get_completions(Document(text), CompleteEvent(completion_requested=True)))
    assert calls == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("\\ca", "command"),
        ("\\d le", "argument"),
        ("GE", "verb"),
        ("GET le", "entity"),
        ("GET lead/fi", "second segment"),
        ("POST lead/A/ta", "child entity"),
        ("GET lead?pa", "parameter"),
        ("GET lead?fields=Ci", "field list"),
        ("GET lead?sort_by=Ci", "sort field"),
        ("GET lead?sort_order=d", "sort order"),
        ('POST lead {"Ci', "body"),
        ("SELECT Ci", "expression"),
        ("nothing of this", ""),
    ],
)
def test_the_rule_that_offers_is_named(text: str, rule: str) -> None:
    assert suggest(text, Lead()).rule == rule


def test_every_rule_has_its_own_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
