"""No secret is shown: whichever it is, however it is spelt, wherever it stands, wherever it is cut.

The search in what was printed (`plain_search`) shares no code with what conceals.
"""

import ast
import base64
import gzip
import html
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cmdm_tui.api import CallFailed, CallFinished, RetryScheduled, decode
from cmdm_tui.api.errors import ApiError, CallInfo, MalformedResponse, ServerError
from cmdm_tui.api.models import Response
from cmdm_tui.cli.call_log import describe_event
from cmdm_tui.redaction import secret_matcher
from cmdm_tui.redaction.decodings import DecodingSearch
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.redaction.redactor import Redactor
from cmdm_tui.repl.raw_call import plan_call
from cmdm_tui.repl.statement_parser import RawCall
from cmdm_tui.text import one_line
from tests.hostile_values import PIECES
from tests.redaction import plain_search
from tests.redaction.plain_search import find_shown

LAWS = settings(deadline=None)


def units(text: str) -> str:
    both = text.encode("utf-16-be")
    numbers = (int.from_bytes(both[at : at + 2], "big") for at in range(0, len(both), 2))
    return "".join(f"\\u{number:04x}" for number in numbers)


def mixed(text: str, encode: Callable[[str], str], keep: Callable[[str], str] = str) -> str:
    """Return text with every other character encoded, and the others as whoever writes it must."""
    return "".join(encode(one) if number % 2 else keep(one) for number, one in enumerate(text))


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def encode_base64(text: str, before: str = "") -> str:
    return base64.b64encode((before + text).encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "JSON": in_json,
    "JSON, each character": units,
    "JSON, mixed": lambda text: mixed(text, units, in_json),
    "JSON, slashes": lambda text: in_json(text).replace("/", "\\/"),
    "JSON twice": lambda text: json.dumps(json.dumps(text))[3:-3],
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "HTML, mixed": lambda text: mixed(text, lambda one: f"&#{ord(one)};"),
    "HTML twice": lambda text: html.escape("".join(f"&#{ord(one)};" for one in text)),
    "percent": lambda text: quote(text, safe=""),
    "percent, each byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent, small letters": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, mixed": lambda text: mixed(
        text, lambda one: quote(one, safe="").lower(), lambda one: "%25" if one == "%" else one
    ),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "base64": encode_base64,
    "base64, one later": lambda text: encode_base64(text, ":"),
    "base64, two later": lambda text: encode_base64(text, "me"),
    "base64 of a sign-in": lambda text: encode_base64(text, "odd@example.com:"),
    "base64, without its end": lambda text: encode_base64(text, "x").rstrip("="),
    "base64, for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "percent of base64": lambda text: quote(encode_base64(text), safe=""),
}

TOKENS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789._~+/=-&%\"'<>\\ ",
                 min_size=8, max_size=60)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=4, max_size=40)
SECRETS = (TOKENS | TEXTS).filter(
    lambda text: len(set(text)) > 3 and text == text.strip() and not text.isalpha()
)


class Place:
    """Somewhere a service puts what it was sent, and what is printed of it."""

    def __init__(self, secret: str) -> None:
        redact = Redactor.for_sentences([secret, "another-secret"]).redact_values
        self.call = CallInfo(1, "GET", "/lead", redact)
        self.redact = redact

    def answer(self, body: bytes, kind: str = "application/json") -> Response:
        return Response(1, "GET", "/lead", 400, httpx.Headers({"content-type": kind}), body, 0.0)

    def message(self, spelt: str, before: int, after: str) -> str:
        body = json.dumps({"Message": "x" * before + " " + spelt + after}).encode()
        return str(decode.read_error_message(self.answer(body), self.redact))

    def text(self, spelt: str, before: int, after: str) -> str:
        body = ("x" * before + " " + spelt + after).encode()
        return str(decode.read_error_message(self.answer(body, "text/plain"), self.redact))

    def end_of_source(self, spelt: str, before: int, after: str) -> str:
        size = decode._EXCERPT_SOURCE
        body = (" " * (size - before % (len(spelt) + 1)) + spelt + after).encode()
        return str(decode.read_error_message(self.answer(body, "text/plain"), self.redact))

    def other_shape(self, spelt: str, before: int, after: str) -> str:
        body = json.dumps({"x" * before: spelt + after}).encode()
        with pytest.raises(MalformedResponse) as raised:
            decode.read_page(self.answer(body), self.call, "lead", per_page=None, page=None)
        return str(raised.value)

    def path(self, spelt: str, before: int, after: str) -> str:
        path = f"/lead?{'x' * before}={spelt}{after}"
        call = CallInfo(1, "GET", path, self.redact)
        failed = ServerError("No.", call=call, status=500)
        lines = [
            str(failed),
            *map(
                describe_event,
                (
                    CallFinished(call, 200, 0.1, 10),
                    CallFailed(call, failed),
                    RetryScheduled(call, 1, 2.0, ApiError(f"It said {spelt}", call=call)),
                ),
            ),
        ]
        return "\n".join(map(one_line, lines))

    def raw_call(self, spelt: str, before: int, after: str) -> str:
        path = "lead/" + "x" * before + spelt.replace(" ", "%20") + after
        planned = plan_call(RawCall("DELETE", path), self.redact)
        return f"{planned} {planned.what}"

    def sign_in(self, spelt: str, before: int, after: str) -> str:
        body = json.dumps(["x" * before, spelt + after]).encode()
        with pytest.raises(MalformedResponse) as raised:
            decode.read_token(self.answer(body), self.call)
        return str(raised.value)


PLACES: dict[str, Callable[[Place, str, int, str], str]] = {
    name: getattr(Place, name)
    for name in (
        "message", "text", "end_of_source", "other_shape", "path", "raw_call", "sign_in"
    )
}  # fmt: skip


def show(
    place: str, spelling: str, secret: str, *, before: int, cut: int | None, after: str
) -> str:
    """Return what can be read of the secret in what is printed."""
    spelt = SPELLINGS[spelling](secret)
    printed = PLACES[place](Place(secret), spelt[:cut], before, after)
    return find_shown(secret, printed)


@pytest.mark.parametrize("place", PLACES)
@LAWS
@given(
    secret=SECRETS,
    spelling=st.sampled_from(sorted(SPELLINGS)),
    before=st.integers(0, 450),
    cut=st.none() | st.integers(0, 400),
    after=st.sampled_from(["", " and more", '", "next": 1}', "&page=1"]),
)
def test_nothing_of_a_secret_is_shown(
    place: str, secret: str, spelling: str, before: int, cut: int | None, after: str
) -> None:
    # Not every secret has every spelling: HTML, for one, has none for some characters.
    assume(find_shown(secret, SPELLINGS[spelling](secret)).casefold() == secret.casefold())
    assume(not find_shown(secret, PLACES[place](Place(secret), "", before, after)))
    assert show(place, spelling, secret, before=before, cut=cut, after=after) == ""


TOKEN = "tok-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0&/"


@pytest.mark.parametrize("place", PLACES)
def test_a_token_is_concealed_at_every_cut(place: str, *, runs_whole: bool) -> None:
    for spelling, spell in SPELLINGS.items():
        for before in range(420) if runs_whole else (160, 199, 390):
            assert show(place, spelling, TOKEN, before=before, cut=None, after=" x") == ""
        size = len(spell(TOKEN))
        for cut in range(size) if runs_whole else (size // 4, size - 7):
            assert show(place, spelling, TOKEN, before=3, cut=cut, after="") == ""


def cut_first(answer: Response, redact: Callable[[str], str]) -> str:
    """Do as `_read_excerpt` does, in the wrong order."""
    text = answer.body.decode("utf-8", "replace")[:200]
    return one_line(redact(" ".join(text.split())), 200)


def test_what_is_concealed_after_it_is_cut_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secret_matcher, "shown_piece_length", len)
    monkeypatch.setattr(decode, "_read_excerpt", cut_first)
    monkeypatch.setattr(Redactor, "__init__", _know_whole_secrets_only)
    assert len(show("text", "as it is", TOKEN, before=160, cut=None, after=" x")) == 39


def _know_whole_secrets_only(self: Redactor, secrets: list[str]) -> None:
    self._matcher = secret_matcher.SecretMatcher(secrets, None)


@pytest.mark.parametrize("spelling", [name for name in SPELLINGS if name != "as it is"])
def test_a_spelling_that_is_not_known_would_be_noticed(
    spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_plainly(self: Redactor, line: str) -> str:
        return line.replace(TOKEN, "…")

    monkeypatch.setattr(Redactor, "redact_values", replace_plainly)
    if SPELLINGS[spelling](TOKEN) != TOKEN:
        assert show("message", spelling, TOKEN, before=0, cut=None, after="")


def test_a_piece_that_is_not_known_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redactor, "__init__", _know_whole_secrets_only)
    assert show("message", "as it is", TOKEN, before=0, cut=39, after="")


def test_a_word_that_begins_a_secret_stays() -> None:
    redact = Redactor.for_sentences(["password-12345", "client-secret-1"]).redact_values
    sentence = "Your password was refused: the client is unknown, and the secret is wrong."
    assert redact(sentence) == sentence
    assert redact("Your password-12 was refused.") == "Your … was refused."


def test_equal_encodings_are_all_concealed() -> None:
    redact = Redactor([TOKEN]).redact_values
    line = " ".join([encode_base64(TOKEN, "me:")] * 3 + [units(TOKEN)] * 2 + [TOKEN] * 2)
    assert find_shown(TOKEN, redact(line)) == ""


def test_what_stands_around_a_secret_stays() -> None:
    redact = Redactor([TOKEN]).redact_values
    for name, spell in SPELLINGS.items():
        line = redact(f"é 404: {spell(TOKEN)} is \\u00e9 no token &amp; 100%25 wrong")
        assert line.startswith("é 404: "), name
        assert line.endswith(" is \\u00e9 no token &amp; 100%25 wrong"), name


def test_the_work_grows_with_the_text() -> None:
    secret = "ab" * 40 + "c"
    redact = Redactor([secret, TOKEN, "a" * 60 + "b"]).redact_values
    for text in ("ab" * 15_000, "a" * 30_000, "%61" * 9_000, "\\u0061" * 5_000):
        started = time.process_time()
        redact(text)
        once = time.process_time() - started
        started = time.process_time()
        redact(text * 4)
        # Four times as much, were it not for the machine; sixteen times, were it quadratic.
        assert time.process_time() - started < 10 * once + 0.3


def count_read(text: str, wanted: bytes) -> int:
    """Return how many bytes are searched for one that a text may hold."""
    content = text.encode()
    search = DecodingSearch(content, 40, wanted)
    return sum(len(reading.content) for reading in search.iterate_readings())


def test_a_text_of_hostile_values_is_searched_in_few_readings() -> None:
    """Escapes, quotes, marks and ends of lines in all orders: a body that `\\curl` copies."""
    token = bytes(range(ord("0"), ord("z")))
    dice = random.Random(1)
    for count in (500, 2_000):
        values = ["".join(dice.choices(PIECES, k=dice.randint(2, 5))) for _ in range(count)]
        body = json.dumps(values, ensure_ascii=False)
        read = count_read(body, token)
        assert read < 80 * len(body)
        # A secret with a quote and a space may be spelt in more ways, all of which are read.
        assert count_read(body, token + b"' \"") > 2 * read


def test_a_quote_in_a_compressed_secret_is_read() -> None:
    """Only of text is a step left out: a stream holds any byte, whatever it unfolds to."""
    packed = next(
        stream
        for number in range(2_000)
        if b"'" in (stream := gzip.compress(f"{number} {TOKEN}".encode())) and b"''" not in stream
    )
    with pytest.raises(SecretLeak):
        LeakScanner([TOKEN]).check(b"'" + packed.replace(b"'", b"''") + b"'", "x.csv")


@pytest.mark.parametrize("name", ["read_error_message"])
def test_whoever_reads_the_services_words_conceals_in_them(name: str) -> None:
    package = Path(decode.__file__).parents[1]
    calls = [
        (path.name, node)
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}
    ]
    assert calls
    assert [where for where, call in calls if len(call.args) + len(call.keywords) < 2] == []


CUT_SPELLINGS = ["as it is", "JSON, each character", "HTML, decimal", "percent, each byte"]
CUT_PLACES = {"message", "text", "path", "sign_in"}


def count_shown(secret: str, printed: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many characters in a row can be read, from four; words are none."""
    monkeypatch.setattr(plain_search, "ENOUGH", 4)
    shown = find_shown(secret, printed)
    return 0 if shown.isalpha() or shown.isdigit() else len(shown)


@pytest.mark.parametrize("spelling", CUT_SPELLINGS)
@pytest.mark.parametrize("end", ["", "…", "...", '"', "***"])
def test_where_a_service_cuts_a_token_no_four_characters_of_it_are_shown(
    spelling: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spelt = SPELLINGS[spelling](TOKEN)
    redact = Redactor.for_sentences([TOKEN]).redact_values
    for cut in range(1, len(spelt)):
        assert count_shown(TOKEN, redact(f"It was {spelt[:cut]}{end}"), monkeypatch) == 0, cut
    for cut in range(len(TOKEN)):
        assert count_shown(TOKEN, redact(f"{end}{TOKEN[cut:]} it was"), monkeypatch) == 0, cut


@LAWS
@given(
    secret=TOKENS.filter(lambda text: len(set(text)) > 3 and text == text.strip()),
    spelling=st.sampled_from(CUT_SPELLINGS),
    cut=st.integers(0, 400),
    end=st.sampled_from(["", "…", "...", '"']),
)
def test_nothing_of_a_secret_is_shown_at_a_cut(
    secret: str, spelling: str, cut: int, end: str
) -> None:
    assume("@" not in secret)
    spelt = SPELLINGS[spelling](secret)
    whole = sum(len(SPELLINGS[spelling](secret[:size])) <= cut for size in range(1, len(secret)))
    redact = Redactor.for_sentences([secret]).redact_values
    with pytest.MonkeyPatch.context() as monkeypatch:
        assume(not count_shown(secret, f"It was {end}", monkeypatch))
        printed = redact(f"It was {spelt[:cut]}{end}")
        # A sign of an escape that is cut may look like another place of the secret.
        sent = secret[: whole + 1]
        assert len(sent) < 4 or count_shown(sent, printed, monkeypatch) == 0


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelling", ["upper case", "lower case", "swapped case"])
@pytest.mark.parametrize("secret", ["000000À12", "žluťoučký kůň 7", "пароль-42-ключ"])
def test_a_piece_in_another_case_is_concealed_in_every_alphabet(
    place: str, spelling: str, secret: str
) -> None:
    for cut in range(len(secret) + 1):
        assert show(place, spelling, secret, before=0, cut=cut, after="") == "", cut


def test_without_the_search_at_cuts_a_piece_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_none(*_: object) -> list[tuple[int, int]]:
        return []

    monkeypatch.setattr(secret_matcher._Cuts, "find", find_none)
    spelt = SPELLINGS["JSON, each character"](TOKEN)[:39]
    redact = Redactor.for_sentences([TOKEN]).redact_values
    assert count_shown(TOKEN, redact(f"It was {spelt}"), monkeypatch) == 6


@pytest.mark.parametrize("letters", ["xkqvbnmwrtzpldfgh", "aBcDeFgHiJkLmNoP"])
def test_of_a_secret_of_letters_no_eight_are_shown_at_a_cut(letters: str) -> None:
    redact = Redactor.for_sentences([letters]).redact_values
    for cut in range(8, len(letters)):
        assert redact(f"It was {letters[:cut]}") == "It was …"
        assert redact(f"It was {letters[:cut]}…") == "It was ……"
    assert redact("aBcD") == ("…" if letters[1] == "B" else "aBcD")


@pytest.mark.parametrize(
    "sentence",
    [
        "Wrong password",
        'The field "password" is missing',
        "No such client",
        "It failed in 2026",
        "Not for clients...",
        "2026 was a year",
    ],
)
def test_ordinary_words_at_a_cut_stay(sentence: str) -> None:
    secrets = ["password-12345", "client-secret-1", "2026-secrets", "clientsecretkey", "abc-2026"]
    assert Redactor.for_sentences(secrets).redact_values(sentence) == sentence


def test_a_piece_of_a_password_with_an_at_sign_is_concealed_and_one_of_an_address_stays() -> None:
    redact = Redactor.for_sentences(["p@ss-W0rd!7x9Q", "ann@crm.example.com"]).redact_values
    assert redact("It was p@ss-W0rd!7 and no more") == "It was … and no more"
    assert redact("See help@crm.example.com") == "See help@crm.example.com"
