"""What the environment says of the network is used or refused in a sentence, never a crash."""

from pathlib import Path

import pytest

from cmdm_tui.api import Client, InvalidCall
from tests.api.conftest import CREDENTIALS


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "ftp://user:hunter22@proxy", "proxy variable holds no address"),
        ("HTTPS_PROXY", "http://user:hunter/22@proxy", "proxy variable holds no address"),
        ("ALL_PROXY", "http://[::1", "proxy variable holds no address"),
        ("NO_PROXY", "[::1,///", "proxy variable holds no address"),
        ("HTTPS_PROXY", "socks5://user:hunter22@proxy", "needs the package socksio"),
        ("SSL_CERT_FILE", "/no/such/file", r"SSL_CERT_FILE.*No such file"),
        ("SSL_CERT_FILE", __file__, r"SSL_CERT_FILE.*no certificate"),
        ("SSLKEYLOGFILE", "/no/such/folder/log", r"SSLKEYLOGFILE.*No such file"),
    ],
)
def test_network_settings_that_cannot_be_used_are_named_without_what_they_hold(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidCall, match=words) as raised:
        Client("https://crm.example.com", CREDENTIALS)
    assert "hunter" not in str(raised.value)


async def test_they_do_not_hold_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "ftp://proxy")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    await Client("http://127.0.0.1:1", CREDENTIALS).close_connections()
