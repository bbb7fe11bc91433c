"""What is offered first where the cursor is: `|` in each text."""

from collections import Counter
from collections.abc import Sequence

import pytest

from cmdm_tui.api import Field
from cmdm_tui.query.completion.offers import CompletionFacts, SqlFunction, Suggestions
from cmdm_tui.query.completion.sql_rules import SQL_RULES
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.rules import RULES, suggest

STATUS = Field("Status", type="Picklist", options=("New", "Contacted", "Won't say"))
FIELDS = {
    "lead": (
        Field("FirstName", type="Text"),
        Field("LastName", type="Text", required=True),
        Field("Lead Source", type="Picklist", options=("Web", "Referral")),
        STATUS,
        Field("Score", type="Number"),
        Field("OptIn", type="Boolean"),
        Field("City", label="Town", type="Text"),
        Field("AccountID", type="Lookup", lookup_entity="account"),
        Field("CreatedDate", type="DateTime", read_only=True),
        Field("Order", type="Text"),
    ),
    "account": (
        Field("Name", type="Text"),
        Field("City", type="Text"),
        Field("ParentID", type="Lookup", lookup_entity="account"),
    ),
    "task": (
        Field("Subject", type="Text"),
        Field("Status", type="Picklist", options=("Open", "Closed")),
        Field("LeadID", type="Lookup", lookup_entity="lead"),
        Field("RelatedExternalID", read_only=True),
    ),
    "my thing": (Field('a "b"', type="Text"),),
}


class Known:
    """A server of which these fields are known."""

    entities = ("account", "lead", "contact", "task", "opportunity", "my thing")

    def fields(self, entity: str) -> Sequence[Field]:
        return FIELDS.get(entity, ())


FACTS = PromptFacts(
    CompletionFacts(
        functions=(
            SqlFunction("abs", "(x) → DOUBLE"),
            SqlFunction("regexp_matches", "(text, pattern) → BOOLEAN"),
            SqlFunction("levenshtein", "(a, b) → BIGINT"),
        ),
        uses=Counter({"city": 5, "score": 2, "limit": 3}),
        ids=lambda entity: {"lead": ["L2", "L/1"], "task": ["T1"], "account": ["A1"]}.get(
            entity, []
        ),
        files=lambda typed: [one for one in ("leads.csv", "it's/") if one.startswith(typed)],
    ),
    columns=lambda: ["City", "n total"],
    variables=lambda: ["city", "since"],
    saved_queries=lambda: ["monday", "my leads"],
    profiles=lambda: ["acme", "live"],
)


def suggest_at(text: str, *, is_asked: bool = True) -> Suggestions:
    before, _, behind = text.partition("|")
    return suggest(before, Known(), behind, is_asked=is_asked, facts=FACTS)


PLACES = [
    # The beginning of a statement.
    ("|", "verb", "GET "),
    ("se|", "verb", "select "),
    ("wi|", "verb", "with "),
    ("po|", "verb", "post "),
    ("up|", "verb", "update "),
    ("SELECT 1; ins|", "verb", "insert into "),
    ("DELETE |", "entity", "account"),
    ("DELETE FR|", "entity", "FROM "),
    # Entities.
    ("SELECT * FROM |", "table", "account"),
    ("SELECT * FROM le|", "table", "lead"),
    ("SELECT * FROM LE|", "table", "lead"),
    ("SELECT * FROM ld|", "table", "lead"),
    ("SELECT * FROM my|", "table", '"my thing"'),
    ('SELECT * FROM "my t|', "table", '"my thing"'),
    ("select * from lead join ta|", "table", "task"),
    ("SELECT * FROM lead LEFT JOIN ac|", "table", "account"),
    ("SELECT * FROM lead, ta|", "table", "task"),
    ("SELECT (SELECT max(Score) FROM le|)", "table", "lead"),
    ("WITH x AS (SELECT * FROM ta|", "table", "task"),
    ("WITH recent AS (SELECT 1) SELECT * FROM re|", "table", "recent"),
    ("DESCRIBE op|", "table", "opportunity"),
    ("UPDATE le|", "table", "lead"),
    ("INSERT INTO ta|", "table", "task"),
    ("DELETE FROM co|", "table", "contact"),
    ("EXPLAIN SELECT * FROM le|", "table", "lead"),
    ("FROM le|", "table", "lead"),
    ("SELECT 1 UNION SELECT Name FROM ac|", "table", "account"),
    ("/* of the week */ SELECT * FROM le|", "table", "lead"),
    ("SELECT 1;\nSELECT * FROM ta|", "table", "task"),
    ("SELECT * FROM 'le|", "file", "'leads.csv'"),
    ("SELECT * FROM 'it|'", "file", "'it''s/"),
    # Fields.
    ("SELECT | FROM lead", "expression", "City"),
    ("SELECT l| FROM lead", "expression", "LastName"),
    ("SELECT la| FROM lead", "expression", "LastName"),
    ("SELECT ln| FROM lead", "expression", "LastName"),
    ("SELECT name| FROM lead", "expression", "FirstName"),
    ("SELECT cd| FROM lead", "expression", "CreatedDate"),
    ("SELECT Sco|re FROM lead", "expression", "Score"),
    ("SELECT sour| FROM lead", "expression", '"Lead Source"'),
    ("SELECT ord| FROM lead", "expression", '"Order"'),
    ("SELECT City, s| FROM lead", "expression", "Score"),
    ("SELECT ci|", "expression", "City"),
    ("SELECT subj|", "expression", "Subject"),
    ("SELECT * FROM lead WHERE fir|", "expression", "FirstName"),
    ("SELECT * FROM lead WHERE City = 'x' AND fir|", "expression", "FirstName"),
    ("SELECT * FROM lead WHERE NOT opt|", "expression", "OptIn"),
    ("SELECT * FROM lead ORDER BY cre|", "expression", "CreatedDate"),
    ("SELECT * FROM lead GROUP BY sta|", "expression", "Status"),
    ("SELECT count(*) AS many FROM lead GROUP BY City HAVING ma|", "expression", "many"),
    ("SELECT City AS town FROM lead ORDER BY to|", "expression", "town"),
    ("SELECT upper(la|) FROM lead", "expression", "LastName"),
    ("SELECT count(|) FROM lead", "expression", "*)"),
    ("SELECT count(| FROM lead", "expression", "*)"),
    ("SELECT max(sc| FROM lead", "expression", "Score"),
    ("SELECT CASE WHEN sc| FROM lead", "expression", "Score"),
    ("SELECT \"la| FROM lead", "expression", "LastName"),
    ("SELECT * FROM \"my thing\" WHERE a|", "expression", '"a ""b"""'),
    ("SELECT rank() OVER (pa|) FROM lead", "expression", "partition by"),
    ("UPDATE lead SET City = upper(la|", "expression", "LastName"),
    ("DELETE FROM lead WHERE sta|", "expression", "Status"),
    # Aliases, joins, subqueries, common table expressions.
    ("SELECT l.| FROM lead l", "column of a table", "City"),
    ("SELECT l.fi| FROM lead AS l", "column of a table", "FirstName"),
    ("SELECT lead.fi| FROM lead", "column of a table", "FirstName"),
    ("SELECT \"L\".fi| FROM lead l", "column of a table", "FirstName"),
    ("SELECT * FROM lead l JOIN task t ON t.|", "column of a table", "ExternalID"),
    ("SELECT * FROM lead l JOIN task t ON t.LeadID = l.ExternalID, ac|", "table", "account"),
    ("SELECT * FROM lead LEFT JOIN account USING (City), ta|", "table", "task"),
    ("SELECT * FROM lead l LEFT JOIN task t, ac|", "table", "account"),
    ("SELECT DISTINCT ON (City) City, sco| FROM lead", "expression", "Score"),
    ("PIVOT lead ON Status, ci|", "expression", "City"),
    ("SELECT a.ci| FROM lead JOIN task ON true, account a", "column of a table", "City"),
    ("SELECT * FROM lead l JOIN task t ON |", "join condition", "t.LeadID = l.ExternalID"),
    ("SELECT * FROM task t JOIN lead l ON |", "join condition", "t.LeadID = l.ExternalID"),
    (
        "SELECT * FROM lead JOIN account ON | WHERE 1 = 1",
        "join condition",
        "lead.AccountID = account.ExternalID",
    ),
    (
        "SELECT * FROM account a JOIN account p ON |",
        "join condition",
        "p.ParentID = a.ExternalID",
    ),
    (
        "SELECT * FROM task t JOIN contact c ON |",
        "join condition",
        "t.RelatedExternalID = c.ExternalID",
    ),
    ("SELECT * FROM lead l JOIN account a ON l.AccountID = a.|", "column of a table", "City"),
    ("SELECT * FROM lead JOIN account USING (|", "common column", "City"),
    ("SELECT sta| FROM lead l JOIN task t ON t.LeadID = l.ExternalID", "expression", "l.Status"),
    ("SELECT subj| FROM lead l, task t", "expression", "Subject"),
    ("SELECT s.| FROM (SELECT Score, City AS town FROM lead) s", "column of a table", "Score"),
    ("SELECT tow| FROM (SELECT City AS town FROM lead) s", "expression", "town"),
    ("SELECT s.las| FROM (SELECT * FROM lead) s", "column of a table", "LastName"),
    ("WITH x AS (SELECT City town FROM lead) SELECT t| FROM x", "expression", "town"),
    ("WITH x (a1, b1) AS (SELECT City, Score FROM lead) SELECT b| FROM x", "expression", "b1"),
    ("WITH x AS (SELECT * FROM task), y AS (FROM x) SELECT su| FROM y", "expression", "Subject"),
    ("WITH x AS (SELECT count(*) AS n FROM task) SELECT x.| FROM x", "column of a table", "n"),
    ("SELECT * FROM lead WHERE ExternalID IN (SELECT le| FROM task)", "expression", "LeadID"),
    ("SELECT 1 FROM lead l WHERE EXISTS(FROM task WHERE LeadID = l.|", "column of a table", "City"),
    ("WITH x AS (SELECT City AS town FROM lead) SELECT |", "expression", "town"),
    ("WITH x AS (SELECT 1) |", "after a value", "AS"),
    ("WITH x AS (SELECT 1) s|", "after a value", "select"),
    ("WITH rec|", "name to give", None),
    ("WITH x AS (SELECT 1), ex|", "name to give", None),
    ("SELECT Name FROM account UNION SELECT la| FROM lead", "expression", "LastName"),
    ("SELECT su| FROM task UNION SELECT LastName FROM lead", "expression", "Subject"),
    ("FROM task SELECT su|", "expression", "Subject"),
    # Values.
    ("SELECT * FROM lead WHERE Status = '|", "value", "'New'"),
    ("SELECT * FROM lead WHERE Status = 'c|", "value", "'Contacted'"),
    ("SELECT * FROM lead WHERE Status = 'won|", "value", "'Won''t say'"),
    ("SELECT * FROM lead WHERE Status = 'c|'", "value", "'Contacted"),
    ("SELECT * FROM lead WHERE Status = |", "value", "'New'"),
    ("SELECT * FROM lead WHERE status <> '|", "value", "'New'"),
    ("SELECT * FROM lead WHERE Status NOT IN ('New', 'c|", "value", "'Contacted'"),
    ("SELECT * FROM lead WHERE Status IN (|", "value", "'New'"),
    ("SELECT * FROM task t WHERE t.Status = '|", "value", "'Open'"),
    ("SELECT * FROM lead WHERE \"Lead Source\" = 'r|", "value", "'Referral'"),
    ("SELECT * FROM (SELECT Status AS s FROM task) x WHERE s = 'c|", "value", "'Closed'"),
    ("SELECT CASE Status WHEN '| FROM lead", "value", "'New'"),
    ("UPDATE lead SET Status = 'c|", "value", "'Contacted'"),
    ("INSERT INTO lead (City, Status) VALUES ('York', '|", "value", "'New'"),
    ("INSERT INTO task (Subject, Status) VALUES ('a', 'Open'), ('b', 'c|", "value", "'Closed'"),
    ("SELECT * FROM lead WHERE OptIn = |", "value", "TRUE"),
    ("SELECT * FROM lead WHERE OptIn = '|", "value", "'true'"),
    ("SELECT * FROM lead WHERE ExternalID = '|", "value", "'L2'"),
    ("SELECT * FROM task WHERE LeadID = 'L|", "value", "'L2'"),
    ("SELECT * FROM lead WHERE AccountID = '|", "value", "'A1'"),
    ("CALL close_task('|", "value", "'T1'"),
    ("CALL convert_lead('|')", "value", "'L2"),
    ("SELECT * FROM lead WHERE City = 'x|", "nothing", None),
    ("SELECT 'St|", "nothing", None),
    ("SELECT * FROM lead -- Sta|", "nothing", None),
    ("SELECT * FROM lead /* Sta|", "nothing", None),
    # Words and functions by place.
    ("SELECT * FROM lead |", "after a table", "LIMIT"),
    ("SELECT * FROM lead WH|", "after a table", "WHERE"),
    ("SELECT * FROM lead l le|", "after a table", "left join"),
    ("SELECT * FROM lead JOIN task |", "after a table", "ON"),
    ("SELECT * FROM lead LEFT |", "JOIN", "JOIN"),
    ("SELECT * FROM lead ORDER |", "BY", "BY"),
    ("SELECT * FROM lead ORDER BY City |", "after a value", "LIMIT"),
    ("SELECT * FROM lead ORDER BY City d|", "after a value", "desc"),
    ("SELECT * FROM lead WHERE City i|", "after a value", "in"),
    ("SELECT * FROM lead WHERE City IS |", "IS", "NULL"),
    ("SELECT City f| ", "after a value", "from"),
    ("SELECT City, count(*) FROM lead WHERE Score > 1 gr|", "after a value", "group by"),
    ("SELECT cou| FROM task", "expression", "count("),
    ("SELECT lev| FROM task", "expression", "levenshtein("),
    ("SELECT rm| FROM task", "expression", "regexp_matches("),
    ("SELECT dis| FROM task", "expression", "distinct"),
    ("SELECT City AS |", "name to give", None),
    ("SELECT * FROM lead LIMIT |", "name to give", None),
    ("EXPLAIN sel|", "statement", "select"),
    # Changes.
    ("UPDATE lead |", "after a table", "SET"),
    ("UPDATE lead SET |", "field to set", "City"),
    ("UPDATE lead SET City = 'x', |", "field to set", "Score"),
    ("UPDATE lead SET created|", "field to set", None),
    ("UPDATE lead SET City = 'x' wh|", "after a value", "where"),
    ("UPDATE lead SET City = 'x' WHERE Score = 1 ret|", "after a value", "returning"),
    ("INSERT INTO lead (|", "field to set", "City"),
    ("INSERT INTO lead (City, la|", "field to set", "LastName"),
    ("INSERT INTO task (rel|", "field to set", "RelatedExternalID"),
    ("INSERT INTO lead (City) v|", "after a table", "values"),
    ("CALL |", "procedure", "convert_lead('"),
    ("CALL cl|", "procedure", "close_task('"),
    # Variables.
    ("SELECT * FROM lead WHERE City = :|", "variable", "city"),
    ("SELECT * FROM lead WHERE City = :'si|", "variable", "'since'"),
    # Calls.
    ("GET |", "entity", "account"),
    ("GET le|", "entity", "lead"),
    ("GET my|", "entity", "my%20thing"),
    ("GET lead/|", "second segment", "fields"),
    ("GET lead/L|", "second segment", "L2"),
    ("GET lead/l/|", "", None),
    ("PUT lead/co|", "second segment", "convert/"),
    ("PUT lead/convert/|", "record of an action", "L2"),
    ("PUT task/close/|", "record of an action", "T1"),
    ("DELETE lead/|", "second segment", "L2"),
    ("POST lead/L2/|", "child entity", "task"),
    ("GET lead?|", "parameter", "per_page="),
    ("GET lead?per_page=5&so|", "parameter", "sort_by="),
    ("GET lead?fields=|", "field list", "City"),
    ("GET lead?fields=City,la|", "field list", "LastName"),
    ("GET lead?sort_by=cre|", "sort field", "CreatedDate"),
    ("GET lead?sort_order=d|", "sort order", "desc"),
    ('POST lead {"la|', "body", '"LastName": '),
    ('POST lead {"City": "x", "|', "body", '"Score": '),
    ('POST lead {"Status": "|', "body", '"New"'),
    ('PUT lead/L2 {"AccountID": "|', "body", '"A1"'),
    ('POST lead/L2/task {"|', "body", '"Subject": '),
    ('POST lead {\n  "OptIn": |', "body", '"true"'),
    # Commands.
    ("\\|", "command", "\\d"),
    ("\\so|", "command", "\\sort"),
    ("\\d |", "argument", "account"),
    ("\\d my|", "argument", "'my thing'"),
    ("\\x o|", "argument", "on"),
    ("\\sort |", "argument", "City"),
    ("\\sort n|", "argument", "'n total'"),
    ("\\sort City d|", "argument", "desc"),
    ("\\where |", "argument", "City"),
    ("\\where City = 'x' AND n|", "argument", '"n total"'),
    ("\\columns City n|", "argument", "'n total'"),
    ("\\columns -C|", "argument", "-City"),
    ("\\chart h|", "argument", "hist"),
    ("\\chart bar C|", "argument", "City"),
    ("\\pager o|", "argument", "on"),
    ("\\pset p|", "argument", "pager"),
    ("\\help so|", "argument", "sort"),
    ("\\unset s|", "argument", "since"),
    ("\\d :c|", "argument", ":city"),
    ("\\q |", "argument", None),
    ("\\e SELECT * FROM le|", "table", "lead"),
    ("SELECT 1; \\so|", "command", "\\sort"),
    ("\\explain SELECT * FROM ta|", "table", "task"),
    ("\\ns 'of today' SELECT * FROM lead WHERE Status = '|", "value", "'New'"),
    ("\\n m|", "argument", "monday"),
    ("\\n 'my|", "argument", "'my leads'"),
    ("\\profile l|", "argument", "live"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "first"), PLACES, ids=[text for text, _, _ in PLACES])
def test_the_first_choice(text: str, rule: str, first: str | None) -> None:
    found = suggest_at(text)
    assert found.rule == rule
    assert (found.offers[0].text if found.offers else None) == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT COU|", "COUNT("), ("SELECT cou|", "count("), ("select cou|", "count("),
        ("SELECT City FR|", "FROM"), ("SELECT City fr|", "from"), ("select City Fr|", "from"),
        ("select City FR|", "FROM"), ("SELECT REGEXP_M|", "REGEXP_MATCHES("),
        # Before a word is begun, the statement's first word counts.
        ("SELECT * FROM lead ORDER |", "BY"), ("select * from lead order |", "by"),
        ("SELECT * FROM lead WHERE OptIn = t|", "true"),
        ("SELECT * FROM lead WHERE OptIn = |", "TRUE"),
        ("SE|", "SELECT "), ("sE|", "SELECT "), ("Se|", "select "), ("get|", "get "),
        ("delete |", "from "), ("DELETE f|", "from "), ("DELETE |", "FROM "),
        # Names and values are spelt as they are.
        ("SELECT * FROM LEA|", "lead"), ("select * from lead where CIT|", "City"),
        ("select * from lead where Status = 'N|", "'New'"), ("select LASTN|", "LastName"),
    ],
)  # fmt: skip
def test_words_of_sql_are_in_the_case_that_is_typed(text: str, expected: str) -> None:
    assert expected in [offer.text for offer in suggest_at(text).offers]
    other = expected.swapcase()
    assert other not in [offer.text for offer in suggest_at(text).offers]


@pytest.mark.parametrize("text", ["SELECT City from|", "select City FROM|", "GET|", "get|"])
def test_a_word_that_is_typed_whole_is_not_offered_again(text: str) -> None:
    word = text.removesuffix("|").rsplit(" ", 1)[-1]
    assert word not in [offer.text for offer in suggest_at(text).offers]


def test_there_are_120_places_and_every_rule_has_one() -> None:
    assert len(PLACES) >= 120
    tested = {rule for _, rule, _ in PLACES}
    assert {rule.name for rule in (*SQL_RULES, *RULES)} <= tested


def test_every_rule_has_its_own_name() -> None:
    names = [rule.name for rule in (*SQL_RULES, *RULES)]
    assert len(set(names)) == len(names)


def test_what_is_offered_unasked_is_a_screen_of_what_the_tables_have() -> None:
    found = suggest_at("SELECT * FROM lead WHERE |", is_asked=False)
    names = [offer.name for offer in found.offers]
    assert names[:2] == ["City", "Score"], "what was used comes first"
    assert set(names) == {"ExternalID", *(field.name for field in FIELDS["lead"])}


def test_the_type_and_the_label_are_shown() -> None:
    offers = {offer.name: offer.about for offer in suggest_at("SELECT | FROM lead").offers}
    assert offers["City"] == "Text, Town, lead"
    assert offers["FirstName"] == "Text, lead"
    assert offers["abs"] == "(x) → DOUBLE"


def test_the_entities_whose_fields_are_wanted_are_named() -> None:
    assert suggest_at("SELECT | FROM contact c JOIN lead l").unread == ("contact",)
    assert suggest_at("SELECT * FROM contact|").unread == ()
    assert suggest_at("SELECT nam|").unread == ()
    assert suggest_at("GET contact?fields=|").unread == ("contact",)
    assert suggest_at('POST contact {"|').unread == ("contact",)


def test_what_only_holds_the_word_gives_way_to_what_begins_with_it() -> None:
    assert [one.text for one in suggest_at("SELECT sc| FROM lead").offers] == ["Score"]
    assert [one.text for one in suggest_at("SELECT cor| FROM lead").offers] == ["Score"]
    assert [one.text for one in suggest_at("SELECT scr| FROM lead").offers] == ["Score"]
