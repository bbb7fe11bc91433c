"""The real program shows no secret that a service gives back, at any door, however it is spelt."""

import json
from pathlib import Path

import pytest

from tests.claims.odd_service import Answer, Call, OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm
from tests.redaction.plain_search import find_shown
from tests.redaction.test_concealment import SPELLINGS

TOKEN = "tok-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0&/"
PASSWORD = "p@ss/w\"rd & 9Zx'7 <q>"
CLIENT_SECRET = "s3cr3t+client/=%41-Key"

SPELT = [spell(secret) for spell in SPELLINGS.values() for secret in (TOKEN, PASSWORD)]


def reflect(call: Call) -> Answer:
    """Answer an error that gives back, in its way, what it was sent."""
    number = call.nth % len(SPELT)
    words = "x" * (number * 7 % 200) + " " + SPELT[number] + " " + SPELT[-number] + " was refused"
    if number % 2:
        return Answer.of({"Message": words}, 400)
    return Answer(500 if call.method == "GET" else 400, words.encode(), content_type="text/plain")


def environment_of(service: OddService) -> dict[str, str]:
    service.sign_in = lambda call: Answer.of({"token": TOKEN})
    return {
        **service.environment,
        "CMDM_PASSWORD": PASSWORD,
        "CMDM_CLIENT_SECRET": CLIENT_SECRET,
    }


def check(ended: Ended, *, out: bool = True) -> None:
    printed = (ended.out if out else "") + ended.err
    for secret in (TOKEN, PASSWORD, CLIENT_SECRET):
        assert find_shown(secret, printed) == "", printed
    assert "Traceback" not in ended.err


DOORS: dict[str, tuple[str, ...]] = {
    "get": ("get", "lead", "X"),
    "list": ("list", "lead"),
    "fields": ("fields", "lead"),
    "create": ("create", "lead", "LastName=Jones"),
    "update": ("update", "lead", "X", "LastName=Jones"),
    "delete": ("delete", "lead", "X", "--yes"),
    "query": ("query", "SELECT LastName FROM lead"),
    "doctor": ("doctor",),
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_shows_what_the_service_gives_back(door: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serve(reflect) as service:
        words = ("-v", "--log-file", str(log), *DOORS[door])
        ended = run_cmdm(*words, home=tmp_path, extra=environment_of(service))
    check(ended)
    if log.exists():
        check(Ended(0, log.read_text(), ""))


def test_the_prompt_shows_none_in_its_script(tmp_path: Path) -> None:
    spelt = SPELLINGS["percent, mixed"](PASSWORD)
    lines = [f"GET lead/{number}?q={spelt}" for number in range(1)]
    with serve(reflect) as service:
        stdin = "\n".join([*lines, f"DELETE lead/{spelt}"]).encode()
        ended = run_cmdm("repl", home=tmp_path, extra=environment_of(service), stdin=stdin)
    check(ended)


@pytest.mark.parametrize(
    "spelling", ["percent", "percent, small letters", "percent, mixed", "form"]
)
def test_no_path_shows_one_in_a_log(spelling: str, tmp_path: Path) -> None:
    path = f"lead?filter={SPELLINGS[spelling](PASSWORD)}&page=1&per_page=1"
    with serve(rows=list(Rows(1))) as service:
        words = ("-v", "--log-file", str(tmp_path / "log"), "api", "GET", path)
        ended = run_cmdm(*words, home=tmp_path, extra=environment_of(service))
    assert ended.code == 0
    assert "GET /lead?" in ended.err
    check(ended, out=False)
    check(Ended(0, (tmp_path / "log").read_text(), ""))


def test_what_is_said_of_a_change_that_was_made_shows_none(tmp_path: Path) -> None:
    words = f"Done with {TOKEN}, {SPELLINGS['base64 of a sign-in'](PASSWORD)}."
    with serve(lambda call: Answer.of({"Message": words})) as service:
        change = ("update", "lead", "X", "LastName=Jones")
        ended = run_cmdm(*change, home=tmp_path, extra=environment_of(service))
    check(ended)


@pytest.mark.parametrize(
    "body",
    [json.dumps([TOKEN]), TOKEN, json.dumps({"access_token": TOKEN})],
    ids=["list", "text", "other key"],
)
def test_an_answer_to_a_sign_in_is_not_shown(body: str, tmp_path: Path) -> None:
    with serve() as service:
        extra = environment_of(service)
        service.sign_in = lambda call: Answer(200, body.encode())
        ended = run_cmdm("-v", "list", "lead", home=tmp_path, extra=extra)
    assert "The answer to the sign-in holds no" in ended.err
    check(ended)


def test_a_cookie_is_not_sent_back(tmp_path: Path) -> None:
    def answer(call: Call) -> Answer:
        return Answer(
            200, b'{"Total Records": "0", "Total Pages": "0", "Entity": []}',
            headers=[("Set-Cookie", "session=s3cret; Path=/"), ("Set-Cookie", "=;;\x80")],
        )  # fmt: skip

    with serve(answer) as service:
        service.sign_in = lambda call: Answer.of({"token": TOKEN}, 200, **{"Set-Cookie": "a=b"})
        script = b"GET lead?page=1&per_page=1\nGET lead?page=1&per_page=1\n"
        ended = run_cmdm("repl", home=tmp_path, extra=service.environment, stdin=script)
    assert ended.code == 0
    assert len(service.calls) >= 2
    assert not [call for call in service.calls if "cookie" in call.headers]


def test_the_check_of_what_is_shown_can_fail() -> None:
    for spelling, spell in SPELLINGS.items():
        with pytest.raises(AssertionError):
            check(Ended(1, "", f"before {spell(TOKEN)} after"))
        assert spelling
