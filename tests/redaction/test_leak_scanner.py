"""No secret gets out, however it is written and wherever it is; nothing else is refused."""

import base64
import contextlib
import gzip
import html
import json
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import quote, quote_plus

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cassettes.manifest import ManifestEntry, write_manifest
from cmdm_tui.harness.cassettes.recorder import write_cassette
from cmdm_tui.harness.exchange import Exchange, Intent
from cmdm_tui.harness.fuzz.save.case_writer import save_failure
from cmdm_tui.harness.fuzz.shrink import reproduction
from cmdm_tui.harness.oracle import Finding
from cmdm_tui.harness.report import write_reports
from cmdm_tui.redaction import decodings
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak, check_no_secrets
from cmdm_tui.redaction.secret_matcher import SecretMatcher
from tests.harness.report.events import failure, results_of

SECRET = st.text(st.characters(exclude_categories=("Cs",)), min_size=4, max_size=40)
LAWS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Spelling = Callable[[str], bytes]


def raw_deflate(content: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def every_other(text: str, encode: Callable[[str], str]) -> str:
    return "".join(encode(one) if number % 2 else one for number, one in enumerate(text))


def units(text: str, form: str) -> str:
    both = text.encode("utf-16-be")
    return "".join(
        "\\u" + format(int.from_bytes(both[at : at + 2], "big"), form)
        for at in range(0, len(both), 2)
    )


SPELLINGS: dict[str, Spelling] = {
    "raw": str.encode,
    "JSON": lambda text: json.dumps(text)[1:-1].encode(),
    "JSON, as it is": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    "JSON twice": lambda text: json.dumps(json.dumps(text)).encode(),
    "JSON, each character": lambda text: units(text, "04x").encode(),
    "JSON, upper case": lambda text: units(text, "04X").encode(),
    "YAML": lambda text: yaml.safe_dump({"a": {"b": f"x {text} y"}}).encode(),
    "YAML, folded": lambda text: yaml.safe_dump({"a": f"{'wide ' * 12}{text} and more"}).encode(),
    "YAML of JSON": lambda text: yaml.safe_dump([json.dumps({"a": text})]).encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "percent, lower case": lambda text: quote(text, safe="").lower().encode()
    if text == text.lower()
    else quote(text, safe="").encode(),
    "percent, each byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "percent, in part": lambda text: every_other(
        text, lambda one: "".join(f"%{byte:02X}" for byte in one.encode())
    ).encode(),
    "form": lambda text: quote_plus(text).encode(),
    "HTML": lambda text: html.escape(text).encode(),
    "HTML, numbers": lambda text: "".join(
        f"&#{ord(one)};" if one.isprintable() else one for one in text
    ).encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "hex, mixed": lambda text: every_other(text.encode().hex(), str.upper).encode(),
    "hex, spaced": lambda text: text.encode().hex(" ").encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, second offset": lambda text: base64.b64encode(b"u" + text.encode() + b"!"),
    "base64, third offset": lambda text: base64.b64encode(b"u:" + text.encode() + b"!"),
    "base64, for addresses": lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()),
    "base64, wrapped": lambda text: base64.encodebytes(b"x" * 50 + text.encode() + b"y" * 50),
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"a": text}).encode()),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())),
    "percent of base64": lambda text: quote(base64.b64encode(text.encode()), safe="").encode(),
    "gzip": lambda text: gzip.compress(b"before " + text.encode()),
    "deflate": lambda text: zlib.compress(b"before " + text.encode()),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "base64 of raw deflate": lambda text: base64.b64encode(raw_deflate(b"more " + text.encode())),
    "YAML of gzip": lambda text: yaml.safe_dump({"b": gzip.compress(text.encode() * 3)}).encode(),
    "hex of gzip": lambda text: gzip.compress(text.encode()).hex().encode(),
    "Latin-1 of UTF-8": lambda text: text.encode().decode("latin-1").encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@LAWS
@example(secret="\x1f" * 10 + "\x07\U00010000\\ ")  # folded after a pair of backslashes
@given(secret=SECRET)
def test_a_secret_is_found_however_it_is_spelt(spelling: str, secret: str) -> None:
    # HTML has no form for some characters, and reads others as what stood there by mistake.
    assume(not spelling.startswith("HTML") or html.unescape(html.escape(secret)) == secret)
    if spelling == "HTML, numbers":
        assume(html.unescape(SPELLINGS[spelling](secret).decode()) == secret)
    content = b'{"before": ' + SPELLINGS[spelling](secret) + b' "after"}'
    with pytest.raises(SecretLeak) as raised:
        check_no_secrets(content, {secret}, place="x.yaml")
    assert "x.yaml" in str(raised.value)


@LAWS
@given(secret=SECRET)
def test_raw_deflate_is_found_where_a_body_begins(secret: str) -> None:
    with pytest.raises(SecretLeak):
        check_no_secrets(raw_deflate(b"before " + secret.encode()), {secret}, place="x")


@LAWS
@given(st.binary(max_size=400))
def test_what_holds_no_secret_is_not_refused(content: bytes) -> None:
    secret = "s3cret-never-drawn-by-chance"
    if secret.encode() not in content:
        check_no_secrets(content, {secret}, place="x")


def test_a_secret_under_four_characters_is_not_searched_for() -> None:
    check_no_secrets(b"abc abc", {"abc", "", "a"}, place="x")
    with pytest.raises(SecretLeak):
        check_no_secrets(b"abcd", {"abc", "abcd"}, place="x")


def test_what_unfolds_to_more_than_can_be_searched_is_refused() -> None:
    bomb = gzip.compress(b"\0" * (decodings._LARGEST_STREAM + 1))
    with pytest.raises(SecretLeak, match="unfolds"):
        check_no_secrets(bomb, {"never-in-it"}, place="x")


def test_an_error_does_not_tell_the_secret() -> None:
    with pytest.raises(SecretLeak) as raised:
        check_no_secrets(b"a hunter2 b", {"hunter2"}, place="x")
    assert "hunter2" not in str(raised.value)


def test_a_refused_file_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    guard = LeakScanner({"hunter2"})
    guard.write_file(path, b"first")
    with pytest.raises(SecretLeak):
        guard.write_file(path, b"second hunter2")
    assert path.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


# Every place of an exchange, and every writer.


def exchange(**changed: object) -> Exchange:
    plain: dict[str, object] = {
        "number": 1,
        "method": "POST",
        "path": "/api/v1/lead",
        "sent_headers": (("content-type", "application/json"),),
        "sent_body": b'{"LastName":"Jones"}',
        "status": 400,
        "headers": (("content-type", "application/json"),),
        "body": b'{"Message":"No."}',
        "started": 0.0,
    }
    return Exchange(**{**plain, **changed})  # pyright: ignore[reportArgumentType]


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


DROPPED: dict[str, Callable[[str], Exchange]] = {
    "Authorization": lambda secret: exchange(sent_headers=(("authorization", f"Bearer {secret}"),)),
    "a header of one's own": lambda secret: exchange(sent_headers=(("password", secret),)),
    "Set-Cookie": lambda secret: exchange(headers=(("set-cookie", f"session={secret}; Secure"),)),
    "an answer's other header": lambda secret: exchange(headers=(("x-echo", secret),)),
    "a token received": lambda secret: exchange(body=as_json({"token": secret})),
    "a sign-in's answer": lambda secret: exchange(
        path="/api/v1/authenticate", status=200,
        body=as_json({"token": "t0ken-t0ken", "refresh": {"value": [secret]}}),
    ),
}  # fmt: skip
"""Where a secret may stand in what was exchanged: it is not part of a cassette."""

KEPT: dict[str, Callable[[str], Exchange]] = {
    "the query": lambda secret: exchange(path=f"/api/v1/lead?sort_by={quote(secret, safe='')}"),
    "the path": lambda secret: exchange(path=f"/api/v1/lead/{quote(secret, safe='')}/task"),
    "a nested key": lambda secret: exchange(sent_body=as_json({"a": [{"b": {secret: 1}}]})),
    "a nested value": lambda secret: exchange(sent_body=as_json({"a": [{"b": {"c": secret}}]})),
    "an echo": lambda secret: exchange(body=as_json({"LastName": f"Jones {secret}"})),
    "an error's text": lambda secret: exchange(
        body=f"<h1>{html.escape(secret)}</h1>".encode(), headers=(("content-type", "text/html"),)
    ),
    "a gzipped body": lambda secret: exchange(body=gzip.compress(b"x" * 99 + secret.encode())),
    "base64 in a value": lambda secret: exchange(
        body=as_json({"Note": base64.b64encode(b"u:" + secret.encode()).decode()})
    ),
    "a header that is kept": lambda secret: exchange(
        headers=(("retry-after", quote(secret, safe="")),)
    ),
}
"""Where it would be part of a cassette: nothing is written."""


@pytest.mark.parametrize("place", DROPPED)
@LAWS
@given(secret=SECRET)
def test_what_a_cassette_has_no_place_for_is_left_out(
    tmp_path: Path, place: str, secret: str
) -> None:
    path = tmp_path / "cassette.yaml"
    assume(not is_natural(secret))
    try:
        write_cassette(path, [DROPPED[place](secret)], LeakScanner({secret}))
    except SecretLeak:
        pytest.fail("it is left out, so nothing is to be refused")
    assert not is_in(secret, path.read_bytes())


@pytest.mark.parametrize("place", KEPT)
@LAWS
@example(secret="00\n0")
@given(secret=SECRET)
def test_a_secret_that_would_be_kept_stops_the_cassette(
    tmp_path: Path, place: str, secret: str
) -> None:
    path = tmp_path / "cassette.yaml"
    path.unlink(missing_ok=True)
    assume(html.unescape(html.escape(secret)) == secret)
    with pytest.raises(SecretLeak):
        write_cassette(path, [KEPT[place](secret)], LeakScanner({secret}))
    assert not path.exists()


@pytest.mark.parametrize("place", KEPT)
def test_the_check_can_fail_without_the_guard_they_would_be_written(
    tmp_path: Path, place: str
) -> None:
    class Blind(LeakScanner):
        def check(self, content: bytes | str, place: str) -> None:
            pass

    path = tmp_path / "cassette.yaml"
    secret = "hunter2-hunter2"
    write_cassette(path, [KEPT[place](secret)], Blind({secret}))
    with pytest.raises(SecretLeak):
        check_no_secrets(path.read_bytes(), {secret}, place="x")


@settings(LAWS, max_examples=settings().max_examples // 2)
@given(secret=SECRET)
def test_no_writer_lets_a_secret_out(tmp_path: Path, secret: str) -> None:
    assume(not is_natural(secret))
    guard = LeakScanner({secret})
    writers: list[Callable[[Path], object]] = [
        lambda path: guard.write_file(path, as_json({"log": [f"GET /lead/{secret}"]})),
        lambda path: guard.write_file(path, f"<td>{html.escape(secret)}</td>".encode()),
        lambda path: write_cassette(path, [KEPT["an echo"](secret)], guard),
        lambda path: write_cassette(path, [KEPT["a gzipped body"](secret)], guard),
        lambda path: write_reports(results_of(*failure(last=echoing(secret))), path, guard),
        lambda path: write_reports(results_of(*failure(curl=(f"curl {secret}",))), path, guard),
        lambda path: save_failure(path, "x", failing(echoing(secret)), guard, seed=0),
        lambda path: save_failure(path, "x", failing(exchange(), secret), guard, seed=0),
        lambda path: path.write_text(guard.filter_line(f"FAILED it says {quote(secret)}"), "utf-8"),
        lambda path: write_manifest(path, {"x": recorded_of(secret)}, guard),
    ]
    for number, write in enumerate(writers):
        path = tmp_path / str(number)
        if number == len(writers) - 1:
            path.mkdir(exist_ok=True)
            (path / "x").write_bytes(b"")
        with contextlib.suppress(SecretLeak):
            write(path)
        written = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
        assert not [one for one in written if is_in(secret, one.read_bytes())]


def test_a_writer_that_saw_nothing_would_be_noticed(tmp_path: Path) -> None:
    secret, blind = "hunter2-hunter2", LeakScanner()
    write_reports(results_of(*failure(last=echoing(secret))), tmp_path, blind)
    save_failure(tmp_path, "x", failing(echoing(secret)), blind, seed=0)
    save_failure(tmp_path, "y", failing(exchange(), secret), blind, seed=0)
    written = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert {one.name for one in written if is_in(secret, one.read_bytes())} >= {
        "report.html", "report.json", "x.yaml", "y.toml",
    }  # fmt: skip


def echoing(secret: str) -> Exchange:
    return exchange(body=as_json({"Message": secret}), intent=Intent("create"))


def failing(last: Exchange, message: str = "It failed.") -> reproduction.Reproduction:
    request = CallRequest(last.method, last.path, last.intent, last.sent_body)
    return reproduction.Reproduction(
        (reproduction.RecordedStep(request),), (last,), Finding("answers", message, 1)
    )


def recorded_of(target: str) -> ManifestEntry:
    return msgspec.convert(
        {
            "sha256": "0",
            "case_sha256": "0",
            "recorded": "2026-03-31",
            "target": target,
            "versions": {},
        },
        ManifestEntry,
    )


def is_in(secret: str, content: bytes) -> bool:
    """Search as anybody would, with none of the guard's own code."""
    loaded = yaml.safe_load(content) if content.startswith(b"interactions:") else None
    texts = [content, json.dumps(loaded, ensure_ascii=False, default=repr).encode()]
    needles = (secret.encode(), json.dumps(secret)[1:-1].encode(), quote(secret).encode())
    return any(needle in text for text in texts for needle in needles)


@cache
def written_anyway() -> str:
    """Return what stands in a cassette whatever was exchanged."""
    plain = [exchange(), exchange(path="/api/v1/authenticate", body=b'{"token": "recorded-token"}')]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cassette.yaml"
        write_cassette(path, plain, LeakScanner(set()))
        text = path.read_text()
    text += "interactions request response headers method uri body string status code message"
    text += "recorded-token recorded-refresh value 127.0.0.1:8765 version Bad Request OK Created"
    text += "\n[[steps]]\n"  # of a case
    return (text + repr(plain)).casefold()


def is_natural(secret: str) -> bool:
    """Return whether the secret stands in a cassette anyway, as `http` does."""
    is_written = secret.casefold() in written_anyway()
    return is_written or secret.strip() != secret or len(set(secret)) < 3


def test_a_large_report_is_searched_to_its_end() -> None:
    rows = [{"Name": f"Ann Jones {number}", "City": "Stoke-on-Trent"} for number in range(2_000)]
    report = json.dumps(rows, indent=1).encode()
    secret = "hunter2 & pässword'+"
    guard = LeakScanner({secret})
    guard.check(report, "x")
    for spelling in ("percent, in part", "form", "HTML", "YAML of gzip", "JSON twice", "hex"):
        with pytest.raises(SecretLeak):
            guard.check(report + SPELLINGS[spelling](secret) + report, "x")


def test_each_of_hundreds_of_secrets_is_found_the_longest_first() -> None:
    secrets = [f"{first}{second}-{first * 3}" for first in "abcdefgh" for second in "stuvwxyz"]
    secrets += [f"{one}-and-more" for one in secrets]
    matcher = SecretMatcher(secrets, None)
    for secret in secrets:
        text = f"xx {secret} yy".encode()
        assert matcher.locate(text) == [(3, 3 + len(secret))]
        assert matcher.holds_plainly(text)
        assert not matcher.holds_plainly(text.replace(b"-", b"+"))
