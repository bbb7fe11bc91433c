"""Logs of laws that several calls show: one that keeps each law, and one that breaks it.

They are of signing in, of values kept to the letter, and of what a change must not touch.
"""

from collections.abc import Callable

from tests.harness.oracle.exchange_logs import Log

A, B, C = "AAAAAAA1", "BBBBBBB2", "CCCCCCC3"
COMPOSED, APART = "Zo\u00eb", "Zoe\u0308"
TOKEN = {"token": "x"}
REFUSED = frozenset({401})


def changed_sign_in(name: str, status: int = 401, body: object = None) -> Log:
    """A sign-in of an input class."""
    return Log().add(
        "authenticate", status=status, body=body, authorization="sign-in",
        input_class=f"authorization:{name}", expected=REFUSED,
        headers={"x-rate-limit-remaining": "49"} if status == 200 else None,
    )  # fmt: skip


def two_refusals(words: str) -> Log:
    log = changed_sign_in("wrong-username", body={"Message": "Wrong."})
    other = changed_sign_in("wrong-password", body={"Message": words}).exchanges[0]
    log.exchanges.append(other)
    return log


def numbers(*values: str) -> Log:
    log = Log()
    rows = {f"AAAAAAA{place}": {"Score": value} for place, value in enumerate(values)}
    return log.many(rows, query={"sort_by": "Score"})


def two_records(city: str) -> Log:
    log = Log().get(A, City="Ely").get(B, City="York").update(A, City="Bath")
    return log.get(B, City=city)


def closed_and_updated(status: str) -> Log:
    date = "2026-03-31T09:30:00Z"
    log = Log().add("close", "task", A).get(A, "task", Status="Closed", ClosedDate=date)
    log.update(A, "task", Owner="Jo")
    return log.get(A, "task", Status=status, ClosedDate=date, Owner="Jo")


LAW_CASES: dict[str, tuple[Callable[[], Log], Callable[[], Log]]] = {
    "credentials-looked-at": (
        lambda: changed_sign_in("cut-password"),
        lambda: changed_sign_in("cut-password", 200, TOKEN),
    ),
    "credentials-match-exactly": (
        lambda: changed_sign_in("other-case-username"),
        lambda: changed_sign_in("other-case-username", 200, TOKEN),
    ),
    "sign-in-status": (
        lambda: changed_sign_in("wrong-password"),
        lambda: changed_sign_in("wrong-password", 404),
    ),
    "sign-in-refusals-alike": (
        lambda: two_refusals("Wrong."),
        lambda: two_refusals("The password is wrong."),
    ),
    "text-kept-exactly": (
        lambda: Log().create(A, City=APART).get(A, City=APART),
        lambda: Log().create(A, City=APART).get(A, City=COMPOSED),
    ),
    "numbers-kept-exactly": (
        lambda: Log().create(A, Score="9007199254740993").get(A, Score="9007199254740993.0"),
        lambda: Log().create(A, Score="9007199254740993").get(A, Score="9007199254740992"),
    ),
    "numbers-in-order": (
        lambda: numbers("-2", "0.25", "0.5", "9", "10", "9007199254740993"),
        lambda: numbers("10", "9"),
    ),
    "others-untouched": (lambda: two_records("York"), lambda: two_records("Bath")),
    "closed-after-update": (
        lambda: closed_and_updated("Closed"),
        lambda: closed_and_updated("Open"),
    ),
}
