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
        ended = run_cmdm("repl", "--yes", home=tmp_path, extra=environment_of(service), stdin=stdin)
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


COOKIE = "c00kie-Value-91x"
COOKIES = [
    ("Set-Cookie", f"session={COOKIE}; Path=/"),
    ("Set-Cookie", f"deep={COOKIE}; Path=/api/v1; Domain=127.0.0.1; Max-Age=3600"),
    ("Set-Cookie", f"bare={COOKIE}"),
    ("Set-Cookie", f"strict={COOKIE}; HttpOnly; SameSite=Strict"),
    ("Set-Cookie", "=;;\x80"),
]
KEEPS_COOKIES = """
from http.cookiejar import CookieJar
from cmdm_tui.api.pool import NoCookies
NoCookies.extract_cookies = CookieJar.extract_cookies
"""


def count_cookies(home: Path, broken: str = "") -> tuple[int, Ended, str]:
    """Call a service that sets cookies with every answer, redirects too.

    Return how many calls brought one back, what was printed, and what was logged.
    """

    def answer(call: Call) -> Answer:
        if call.nth % 3 == 0:
            headers = [*COOKIES, ("Location", "/api/v1/lead")]
            return Answer(302, b"{}", headers)
        body = b'{"Total Records": "0", "Total Pages": "0", "Entity": []}'
        return Answer(200, body, COOKIES)

    extra: dict[str, str] = {}
    if broken:
        folder = home / "broken"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(broken)
        extra = {"PYTHONPATH": str(folder)}
    with serve(answer) as service:
        service.sign_in = lambda call: Answer(200, json.dumps({"token": TOKEN}).encode(), COOKIES)
        script = b"GET lead?page=1&per_page=1\n" * 2 + b"GET lead/A\n"
        words = ("-v", "--log-file", str(home / "log"), "repl")
        ended = run_cmdm(*words, home=home, extra={**service.environment, **extra}, stdin=script)
        listed = run_cmdm(
            *words[:3], "list", "lead", home=home, extra={**service.environment, **extra}
        )
        assert len(service.calls) >= 4
        calls = [*service.sign_ins, *service.calls]
    log = (home / "log").read_text() if (home / "log").exists() else ""
    sent = sum("cookie" in call.headers for call in calls)
    return sent, Ended(listed.code, ended.out + listed.out, ended.err + listed.err), log


def test_a_cookie_is_not_sent_back(tmp_path: Path) -> None:
    sent, ended, log = count_cookies(tmp_path)
    assert ended.code == 0, ended.err
    assert "answered with a redirect" in ended.err
    assert "GET /lead" in log
    assert sent == 0
    assert COOKIE not in ended.all + log


def test_a_cookie_that_is_kept_would_be_noticed(tmp_path: Path) -> None:
    """The broken twin: a jar as httpx has it."""
    sent, _, _ = count_cookies(tmp_path, KEEPS_COOKIES)
    assert sent >= 2


SETS_COOKIES = f"""
import uvicorn
class Config(uvicorn.Config):
    def __init__(self, *given, **named):
        super().__init__(*given, headers=[("set-cookie", "session={COOKIE}; Path=/")], **named)
uvicorn.Config = Config
"""
RECORDS_COOKIES = """
from cmdm_tui.harness.cassettes import format
format.RESPONSE_HEADERS = frozenset({*format.RESPONSE_HEADERS, "set-cookie"})
"""


@pytest.mark.parametrize("is_broken", [False, True], ids=["as it is", "broken twin"])
def test_a_cassette_holds_no_cookie(tmp_path: Path, is_broken: bool) -> None:
    folder = tmp_path / "planted"
    folder.mkdir()
    planted = SETS_COOKIES + (RECORDS_COOKIES if is_broken else "")
    (folder / "sitecustomize.py").write_text(planted)
    words = ("-v", "record", "get-lead", "--into", "recorded")
    ended = run_cmdm(*words, home=tmp_path, extra={"PYTHONPATH": str(folder)})
    written = [one for one in (tmp_path / "recorded").rglob("*") if one.is_file()]
    assert any(one.suffix == ".yaml" for one in written), ended.all
    assert COOKIE not in ended.all
    assert any(COOKIE in one.read_text() for one in written) == is_broken


def test_a_report_of_a_crash_shows_no_cookie(tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        """
import httpx
send = httpx.AsyncHTTPTransport.handle_async_request
async def failing(self, request):
    answer = await send(self, request)
    if "set-cookie" in answer.headers:
        raise RuntimeError(f"{answer.headers!r}, {dict(answer.headers)}, {answer.headers.raw}, "
                           f"Set-Cookie: {answer.headers['set-cookie']}")
    return answer
httpx.AsyncHTTPTransport.handle_async_request = failing
"""
    )
    with serve(lambda call: Answer(200, b"{}", COOKIES[:1])) as service:
        for debug in ("", "1"):
            extra = {**service.environment, "PYTHONPATH": str(folder), "CMDM_DEBUG": debug}
            ended = run_cmdm("-v", "list", "lead", home=tmp_path, extra=extra)
            assert "fault of cmdm" in ended.err
            assert ("set-cookie" in ended.err) == bool(debug)
            assert COOKIE not in ended.all, ended.err


def test_the_check_of_what_is_shown_can_fail() -> None:
    for spelling, spell in SPELLINGS.items():
        with pytest.raises(AssertionError):
            check(Ended(1, "", f"before {spell(TOKEN)} after"))
        assert spelling
