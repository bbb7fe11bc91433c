"""What the laws of signing in, kept values and untouched records do and do not hold against one."""

import pytest

from cmdm_tui.harness.oracle import judge_log
from tests.harness.oracle.exchange_logs import ENDS, RESET, Log
from tests.harness.oracle.law_cases import TOKEN, A, B, changed_sign_in, closed_and_updated, numbers

HEADERS = {"x-rate-limit-reset": str(RESET)}


def failed(log: Log, *, only_documented: bool = False) -> set[str]:
    """The checks that a log fails."""
    return {
        finding.check
        for finding in judge_log(log.exchanges)
        if not only_documented or finding.certainty == "documented"
    }


@pytest.mark.parametrize("header", ["client-id", "client-secret", "username", "password"])
@pytest.mark.parametrize("kind", ["missing", "empty", "wrong", "cut", "extended"])
def test_a_token_for_credentials_that_are_not_right_is_a_documented_fault(
    kind: str, header: str
) -> None:
    log = changed_sign_in(f"{kind}-{header}", 200, TOKEN)
    assert "credentials-looked-at" in failed(log, only_documented=True)


@pytest.mark.parametrize("header", ["client-id", "client-secret", "username", "password"])
def test_that_credentials_are_compared_without_case_is_no_documented_fault(header: str) -> None:
    log = changed_sign_in(f"other-case-{header}", 200, TOKEN)
    assert failed(log) == {"credentials-match-exactly"}
    assert failed(log, only_documented=True) == set()


def test_a_refusal_that_holds_a_token_gives_one() -> None:
    log = changed_sign_in("wrong-password", 401, {"Message": "No.", "token": "x"})
    assert "credentials-looked-at" in failed(log)


@pytest.mark.parametrize("status", [0, 429, 500])
def test_a_sign_in_that_was_not_looked_at_is_not_held_to_be_refused_wrongly(status: int) -> None:
    log = changed_sign_in("wrong-password", status)
    assert not failed(log) & {"sign-in-status", "credentials-looked-at"}


def test_a_value_in_another_spelling_is_the_same_number() -> None:
    log = Log().update(A, Score="1.50").get(A, Score="1.5")
    assert "numbers-kept-exactly" not in failed(log)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [("0.1", "0.10000000149"), ("-0.005", "-0.01"), ("99999999999999999999", "1e20"),
     ("12345678901234567891", "12345678901234567000")],
)  # fmt: skip
def test_a_number_that_lost_a_digit_is_found(sent: str, answered: str) -> None:
    log = Log().update(A, Score=sent).get(A, Score=answered)
    assert "numbers-kept-exactly" in failed(log)


@pytest.mark.parametrize(
    "values",
    [("10", "9"), ("-1", "-2"), ("0.5", "0.25"), ("9007199254740993", "9007199254740992")],
)
def test_numbers_out_of_order_are_found_to_the_last_digit(values: tuple[str, ...]) -> None:
    assert "numbers-in-order" in failed(numbers(*values))
    assert "numbers-in-order" not in failed(numbers(*reversed(values)))


def test_a_change_of_the_record_itself_is_not_taken_for_that_of_another() -> None:
    log = Log().get(A, City="Ely", Owner="Jo").update(A, City="Bath")
    assert failed(log.get(A, City="Bath", Owner="Al")) == {"update-leaves-others"}


def test_a_record_that_goes_with_another_is_found() -> None:
    log = Log().get(A, City="Ely").get(B, City="York").add("delete", external_id=A)
    assert "others-untouched" in failed(log.add("get", "lead", B, status=404))
    assert failed(log, only_documented=True) == set()


def test_what_is_read_again_after_a_change_counts_from_then_on() -> None:
    log = Log().get(A, City="Ely").get(B, City="York").update(A, City="Bath").get(B, City="York")
    assert failed(log.get(B, City="Hull")) == {"reads-stable"}


def test_a_task_that_an_update_opened_on_purpose_may_be_open() -> None:
    log = Log().add("close", "task", A).update(A, "task", Status="Open")
    log.get(A, "task", Status="Open", ClosedDate="2026-03-31T09:30:00Z")
    assert "closed-after-update" not in failed(log)
    assert "closed-after-update" in failed(closed_and_updated("In progress"))


# Answers without a date, judged by our clock


def undated(error: float) -> dict[str, float]:
    """What is told of an answer without a date: by how much our clock may be off."""
    return {"moment_error": error}


def test_a_token_refused_early_is_found_by_our_clock() -> None:
    def refused(before: float, error: float) -> Log:
        log = Log().get(A).add("get", external_id=A, status=401, moment=ENDS - before)
        return log.last(**undated(error))

    assert "token-good-until-reset" in failed(refused(60, 0))
    assert "token-good-until-reset" in failed(refused(600, 300))
    assert "token-good-until-reset" not in failed(refused(60, 300))


def test_a_token_accepted_late_is_found_by_our_clock() -> None:
    def accepted(after: float, error: float) -> Log:
        log = Log().get(A).get(A).last(moment=ENDS + after)
        return log.last(**undated(error))

    assert "token-refused-after-reset" in failed(accepted(600, 300))
    assert "token-refused-after-reset" not in failed(accepted(60, 300))


def test_a_reset_in_the_past_is_found_by_our_clock() -> None:
    def told(after: float, error: float) -> Log:
        return Log().add("get", status=404, moment=RESET + after).last(**undated(error))

    assert "reset-ahead" in failed(told(600, 300))
    assert "reset-ahead" not in failed(told(60, 300))
