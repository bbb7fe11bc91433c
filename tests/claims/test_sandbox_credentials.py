"""Credentials of any script: sent as UTF-8, compared byte by byte."""

import json
import unicodedata
from pathlib import Path

import msgspec
import pytest

from cmdm_tui.sandbox import AccountCredentials, SettingError
from cmdm_tui.sandbox.credentials import read_credentials, read_environment_credentials
from cmdm_tui.sandbox.http.exposure import check_exposure
from tests.claims.program import run_cmdm
from tests.claims.sandbox_process import exchange, host_of, serve_sandbox

OWN = AccountCredentials(
    client_id="идентификатор-7",
    client_secret="秘密-of-two-halves-🔑",
    username="zoë@példa.example",
    password="p£ssw0rd:%%x-\u00e9",
)

COUNT = ("query", "-o", "csv", "SELECT count(*) AS n FROM lead")


def write(path: Path, credentials: AccountCredentials, start: bytes = b"") -> Path:
    values = {name: getattr(credentials, name) for name in credentials.__struct_fields__}
    path.write_bytes(start + json.dumps(values, ensure_ascii=False).encode())
    path.chmod(0o600)
    return path


def changed(**values: str) -> AccountCredentials:
    return msgspec.structs.replace(OWN, **values)


def test_they_are_taken_and_compared_byte_by_byte(tmp_path: Path) -> None:
    file = write(tmp_path / "own.json", OWN)
    with serve_sandbox(tmp_path, "--quiet", "--credentials", str(file)) as (_, info):
        assert info.credentials == OWN

        def status(given: AccountCredentials, encoding: str = "utf-8") -> int:
            lines = [b"POST /api/v1/authenticate HTTP/1.1", b"Host: " + host_of(info)]
            for name in given.__struct_fields__:
                value: str = getattr(given, name)
                lines.append(name.encode() + b": " + value.encode(encoding, "ignore"))
            return exchange(info, b"\r\n".join([*lines, b"Connection: close", b"", b""]))[0]

        assert status(OWN) == 200
        for name in OWN.__struct_fields__:
            value: str = getattr(OWN, name)
            assert status(changed(**{name: value + "x"})) == 401
            assert status(changed(**{name: value[:-1]})) == 401
        # The same letters, composed or not, are different secrets.
        decomposed = changed(password=unicodedata.normalize("NFD", OWN.password))
        assert decomposed != OWN
        assert status(decomposed) == 401
        assert status(changed(username=unicodedata.normalize("NFD", OWN.username))) == 401
        assert status(OWN, "latin-1") == 401


def test_the_client_signs_in_with_them(tmp_path: Path) -> None:
    file = write(tmp_path / "own.json", OWN, start=b"\xef\xbb\xbf")
    with serve_sandbox(tmp_path, "--quiet", "--credentials", str(file)) as (_, info):
        names = {"CMDM_URL": info.url, "CMDM_USERNAME": OWN.username, "CMDM_PASSWORD": OWN.password}
        names |= {"CMDM_CLIENT_ID": OWN.client_id, "CMDM_CLIENT_SECRET": OWN.client_secret}
        ended = run_cmdm(*COUNT, home=tmp_path, extra=names)
        assert ended.code == 0, ended.err
        assert "5" in ended.out.splitlines()
        other = tmp_path / "other"
        other.mkdir()
        names["CMDM_PASSWORD"] = unicodedata.normalize("NFD", OWN.password)
        ended = run_cmdm(*COUNT, home=other, extra=names)
        assert ended.code == 3
        assert "5" not in ended.out


@pytest.mark.parametrize(
    "password",
    ["", " x", "x ", "x y", "a\nb", "a\tb", "a\x00b", "a\x7fb", "é" * 501, "x" * 1_001, "\ud800"],
)
def test_what_no_header_can_carry_is_one_line(tmp_path: Path, password: str) -> None:
    with pytest.raises(SettingError, match=r"^The credentials' password cannot be sent") as caught:
        check_exposure("127.0.0.1", None, changed(password=password), control=False)
    assert str(caught.value).endswith(".")


def test_bytes_that_are_no_text_in_the_environment_are_one_line(tmp_path: Path) -> None:
    names = {f"CMDM_{name.upper()}": "x" * 20 for name in OWN.__struct_fields__}
    names["CMDM_PASSWORD"] = b"\xff\xfe".decode("utf-8", "surrogateescape")
    credentials = read_environment_credentials(names)
    with pytest.raises(SettingError, match="password cannot be sent"):
        check_exposure("127.0.0.1", None, credentials, control=False)


@pytest.mark.parametrize(
    "content", [b'{"password": "\\ud800"}', b"\xff", b"[]", b"", b"x" * 2_000_000]
)
def test_a_file_that_holds_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SettingError, match=r"must be a JSON object") as caught:
        read_credentials(file)
    assert "\n" not in str(caught.value)
