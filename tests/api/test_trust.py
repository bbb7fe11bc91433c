"""What TLS speaks and trusts, and how its failures are told."""

import ssl

import pytest

from cmdm_tui.api.trust import create_tls_context, describe_tls_failure

OLD = ssl.TLSVersion.TLSv1


@pytest.fixture
def old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let contexts speak old versions, as those of a Python set up for OpenSSL's defaults do."""
    create = ssl.create_default_context

    def create_old(*arguments: object, **options: object) -> ssl.SSLContext:
        context = create(*arguments, **options)  # pyright: ignore[reportArgumentType]
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = OLD
        return context

    monkeypatch.setattr(ssl, "create_default_context", create_old)


@pytest.mark.usefixtures("old_python")
def test_no_old_version_is_spoken_whatever_python_was_set_up_for() -> None:
    assert ssl.create_default_context().minimum_version == OLD
    assert create_tls_context().minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_newer_minimum_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3

    def create(**_: object) -> ssl.SSLContext:
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)
    assert create_tls_context().minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("reason", "text", "said"),
    [
        (
            None,
            "[SSL] legacy sigalg disallowed or unsupported (_ssl.c:992)",
            "(legacy sigalg disallowed or unsupported)",
        ),
        (
            "TLSV1_ALERT_INTERNAL_ERROR",
            "[SSL: TLSV1_ALERT_INTERNAL_ERROR] tlsv1 alert internal error (_ssl.c:992)",
            "(tlsv1 alert internal error)",
        ),
        (None, "", "(sslerror)"),
    ],
)
def test_a_failure_of_no_known_kind_is_told_in_the_words_there_are(
    reason: str | None, text: str, said: str
) -> None:
    error = ssl.SSLError(1, text)
    error.reason = reason  # pyright: ignore[reportAttributeAccessIssue]
    problem = describe_tls_failure(error)
    assert problem is not None
    assert problem.cause.endswith(said)
