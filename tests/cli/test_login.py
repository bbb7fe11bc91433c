"""`cmdm login`: the sign-in is tried, then kept where the user wants it, and nowhere else."""

import http.server
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from cmdm_tui.cli.commands.login import login as login_command
from cmdm_tui.config import SECRET_PLACES
from cmdm_tui.config.secrets import keyring as keyrings
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command, Ended
from tests.conftest import KeyringFactory

Login = Callable[..., Ended]


@pytest.fixture
def login(cmdm: Command, sandbox: RunningInfo) -> Login:
    """Sign in to the sandbox as the profile acme, secrets on stdin."""

    def run(*words: str, password: str | None = None, **environment: str) -> Ended:
        secrets = f"{password or sandbox.password}\n{sandbox.client_secret}\n".encode()
        return cmdm("login", "acme", "--url", sandbox.url, "--client-id", sandbox.client_id,
                    "--username", sandbox.username, "--password-stdin", *words,
                    stdin=secrets, **environment)  # fmt: skip

    return run


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_by_default_no_secret_is_kept(
    login: Login, cmdm: Command, sandbox: RunningInfo, home: Path
) -> None:
    ended = login()
    assert (ended.code, ended.err) == (0, "")
    out = ended.out.decode()
    assert f"Signed in to {sandbox.url} as {sandbox.username}" in out
    assert "The password is kept nowhere, asked for when it is needed." in out
    kept = everything_in(home)
    for secret in (sandbox.password, sandbox.client_secret):
        assert secret.encode() not in kept
    assert "It is the default profile now" in out
    forget_token(home)
    again = cmdm("list", "lead")
    assert again.code == 2
    assert "cmdm login acme" in again.err


def forget_token(home: Path) -> None:
    for path in token_files(home):
        path.unlink()


def token_files(home: Path) -> list[Path]:
    return list((home / "cache").rglob("tokens/acme.*.json"))


def test_a_second_profile_is_not_called_the_default(
    login: Login, cmdm: Command, sandbox: RunningInfo
) -> None:
    login()
    second = cmdm("login", "two", "--url", sandbox.url, "--client-id", "a", "--username", "b",
                  "--no-check").out.decode()  # fmt: skip
    assert "default profile now" not in second
    assert "cmdm profile use two makes it the default" in second
    assert "default profile" not in login().out.decode()  # it was before


def test_a_token_that_is_kept_is_used_where_no_secret_is(
    login: Login, cmdm: Command, sandbox: RunningInfo, home: Path
) -> None:
    login()
    (kept,) = token_files(home)
    before = kept.read_bytes()
    query = "SELECT count(*) FROM lead"
    for words in (("query", query), ("list", "lead", "--page", "1"), ("repl", "-c", f"{query};")):
        ended = cmdm("-v", *words)
        assert ended.code == 0
        assert ended.out
        assert "authenticate" not in ended.err
    assert kept.read_bytes() == before  # under the secrets that have obtained it
    assert cmdm("-v", "list", "lead", CMDM_PASSWORD="other").code == 2
    signed = {"CMDM_PASSWORD": sandbox.password, "CMDM_CLIENT_SECRET": sandbox.client_secret}
    twin = cmdm("-v", "list", "lead", "--page", "1", **{**signed, "CMDM_PASSWORD": "wrong"})
    assert twin.code == 3  # with other secrets, it is not used
    assert "authenticate" in twin.err
    assert cmdm("whoami", "--check").code == 2  # a sign-in needs them
    assert kept.exists()


def test_a_kept_token_that_is_refused_is_forgotten_and_the_secrets_are_wanted_again(
    login: Login, cmdm: Command, home: Path
) -> None:
    login()
    (kept,) = token_files(home)
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps({**content, "token": "refused-token"}))
    refused = cmdm("-v", "create", "lead", "LastName=Jones")
    assert refused.code == 3
    assert "the token that was kept is not good any more" in refused.err
    assert "authenticate" not in refused.err
    assert not kept.exists()
    assert cmdm("list", "lead").code == 2


def test_a_file_keeps_them_when_asked_for_by_name(
    login: Login, cmdm: Command, sandbox: RunningInfo, home: Path
) -> None:
    ended = login("--secrets", "file")
    assert "in plain text in " in ended.out.decode()
    secrets = home / "config" / "cmdm" / "secrets.toml"
    assert sandbox.password in secrets.read_text()
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert sandbox.password.encode() not in everything_in(home / "cache")
    assert cmdm("list", "lead").code == 0


def test_the_keyring_keeps_them(
    login: Login, cmdm: Command, sandbox: RunningInfo, home: Path, keyring: KeyringFactory
) -> None:
    fake = keyring("working")
    assert "The password is in the keyring." in login("--secrets", "keyring").out.decode()
    assert sandbox.password in fake.stored.values()
    assert sandbox.password.encode() not in everything_in(home)
    assert cmdm("list", "lead").code == 0
    assert login("--secrets", "ask").code == 0
    assert fake.stored == {}


def test_a_keyring_that_hangs_keeps_nothing_and_is_told(
    login: Login, keyring: KeyringFactory, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyrings, "TIME_LIMIT", 0.3)
    keyring("hanging")
    ended = login("--secrets", "keyring")
    assert (ended.code, ended.out) == (1, b"")
    assert "did not answer within" in ended.err
    assert ended.err.count("\n") == 1
    assert not (home / "config" / "cmdm" / "profiles.toml").exists()
    assert not (home / "cache").exists()


def test_commands_give_them(
    cmdm: Command, sandbox: RunningInfo, home: Path, tmp_path: Path
) -> None:
    for name in ("password", "client_secret"):
        (tmp_path / name).write_text(getattr(sandbox, name) + "\nmore\n")
    ended = cmdm("login", "acme", "--url", sandbox.url, "--client-id", sandbox.client_id,
                 "--username", sandbox.username,
                 "--password-command", f"cat {tmp_path}/password",
                 "--client-secret-command", f"cat {tmp_path}/client_secret")  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert "The password is printed by the profile's password_command." in ended.out.decode()
    assert cmdm("list", "lead").code == 0
    assert sandbox.password.encode() not in everything_in(home)
    (tmp_path / "password").unlink()
    failed = cmdm("list", "lead")
    assert failed.code == 1
    assert failed.err == (
        "cmdm: The password_command of the profile acme ended with exit code 1. "
        "Run it by hand to see what it says.\n"
    )


def test_the_environment_gives_what_is_missing(
    cmdm: Command, signed_in: RunningInfo, home: Path
) -> None:
    ended = cmdm("login")
    assert (ended.code, ended.err) == (0, "")
    assert (
        f'[profiles.main]\nurl = "{signed_in.url}"'
        in (home / "config" / "cmdm" / "profiles.toml").read_text()
    )
    assert "kept nowhere" in ended.out.decode()


def test_a_refused_sign_in_keeps_nothing(login: Login, home: Path) -> None:
    ended = login("--secrets", "file", password="wrong-hunter2")
    assert (ended.code, ended.out) == (3, b"")
    assert "hunter2" not in ended.err
    assert ended.err.count("\n") == 1
    assert not home.exists()


def test_a_wrong_password_is_found_out_beside_a_good_token(login: Login, cmdm: Command) -> None:
    assert login("--secrets", "file").code == 0
    assert "kept, good for" in cmdm("whoami").out.decode()
    assert login("--secrets", "file", password="wrong").code == 3
    assert cmdm("list", "lead").code == 0
    assert cmdm("list", "lead", CMDM_PASSWORD="wrong").code == 3


def test_unchecked_it_is_kept_without_a_call_or_a_secret(cmdm: Command, home: Path) -> None:
    ended = cmdm("login", "acme", "--url", "https://crm.example.com", "--client-id", "a",
                 "--username", "b", "--no-check")  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert b"The sign-in is not tried" in ended.out
    assert b'secrets = "ask"' in everything_in(home)


BAD: dict[str, tuple[list[str], bytes, int, str]] = {
    "nothing is given": ([], b"", 2, "There is no --url"),
    "the secrets are missing": (["--url", "https://x", "--client-id", "a", "--username", "b"],
                                b"", 2, "There is no client secret"),
    "stdin is empty": (["--password-stdin", "--url", "https://x", "--client-id", "a",
                        "--username", "b"], b"\n", 2, "no password on standard input"),
    "stdin is no text": (["--password-stdin", "--url", "https://x", "--client-id", "a",
                          "--username", "b"], b"\xff\n", 2, "not UTF-8"),
    "a CR is in the password": (["--password-stdin", "--url", "https://x", "--client-id", "a",
                                 "--username", "b"], b"hun\rter2\nx\n", 2,
                                "The password holds a control character"),
    "a NUL is in the password": (["--password-stdin", "--url", "https://x", "--client-id", "a",
                                  "--username", "b"], b"hun\0ter2\nx\n", 2,
                                 "The password holds a control character"),
    "a line break is in the user name": (
        ["--password-stdin", "--url", "https://x", "--client-id", "a", "--username", "b\nc"],
        b"x\ny\n", 2, "The user name holds a control character"),
    "the address is plain": (["--no-check", "--url", "http://crm.example.com", "--client-id", "a",
                              "--username", "b"], b"", 2, "https"),
    "the name is none": (["a/b", "--no-check"], b"", 1, "is not a name for a profile"),
    "a place is unknown": (["--secrets", "vault"], b"", 2, "vault"),
    "a command is wanted and not given": (
        ["--secrets", "command", "--url", "https://x", "--client-id", "a", "--username", "b"],
        b"", 2, "--password-command"),
    "a secret is an option": (["--password", "hunter2"], b"", 2, "--password"),
    "two sources": (["--password-stdin", "--password-command", "x", "--url", "https://x",
                     "--client-id", "a", "--username", "b"], b"x\n", 2, "exclude each other"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_keeps_nothing(cmdm: Command, home: Path, case: str) -> None:
    words, stdin, code, told = BAD[case]
    ended = cmdm("login", *words, stdin=stdin)
    assert (ended.code, ended.out) == (code, b"")
    assert told in ended.err
    assert ended.err.count("\n") == 1
    assert "ter2" not in ended.err.replace("--password", "")
    assert not home.exists()


def test_another_address_does_not_get_what_was_kept(
    login: Login, cmdm: Command, sandbox: RunningInfo
) -> None:
    assert login("--secrets", "file").code == 0
    moved = cmdm("login", "acme", "--url", "https://elsewhere.example.com")
    assert moved.code == 2
    assert "There is no client secret" in moved.err
    assert cmdm("login", "acme").code == 0


def test_a_non_ascii_password_is_sent_as_utf_8(cmdm: Command, home: Path) -> None:
    seen: list[str] = []

    class Service(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.headers["password"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"token": "t"}')

        def log_request(self, code: object = "-", size: object = "-") -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ended = cmdm("login", "--url", f"http://127.0.0.1:{server.server_port}", "--client-id",
                     "a", "--username", "b", "--password-stdin",
                     stdin="pässwörd\nsecret\n".encode())  # fmt: skip
        server.shutdown()
    assert ended.code == 0
    assert seen == ["pässwörd".encode().decode("latin-1")]


def test_the_libraries_logs_hold_no_secret(
    login: Login, cmdm: Command, sandbox: RunningInfo, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert login("--secrets", "file").code == 0
        assert cmdm("list", "lead").code == 0
    assert "/authenticate" in caplog.text
    for secret in (sandbox.password, sandbox.client_secret):
        assert secret not in caplog.text


def test_a_defect_shows_no_secret_in_its_traceback(
    signed_in: RunningInfo, cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cmdm_tui.catalog.account.Client", defect)
    monkeypatch.setenv("CMDM_DEBUG", "1")
    ended = cmdm("list", "lead")
    shown = ended.err
    assert ended.code == 1
    assert "An unexpected ZeroDivisionError" in shown
    assert "context.py" in shown
    for secret in (signed_in.password, signed_in.client_secret):
        assert secret not in shown


def test_every_place_can_be_asked_for() -> None:
    (option,) = [each for each in login_command.params if each.name == "place"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == SECRET_PLACES
