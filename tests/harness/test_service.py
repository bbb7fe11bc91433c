"""The service of the harness: what it created is deleted again, and tokens and calls are noted."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness import service as service_module
from cmdm_tui.harness.cleanup import CreatedRecord, UndeletedRecord
from cmdm_tui.harness.exchange import Intent, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.harness.service import Service, ServiceFailed
from tests.claims.odd_service import Answer, Answering, Call, OddService, serve

KNOWN = Credentials(
    SecretStr("client-12345"), SecretStr("secret-12345"), "odd@example.com", SecretStr("pass-12345")
)
REFUSED = Answer.of({"Message": "No."}, 403)
CUT = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")


@contextmanager
def opened(answering: Answering | None = None) -> Generator[tuple[OddService, Service]]:
    with serve(answering) as odd, Service(odd.url, KNOWN) as service:
        yield odd, service


def create(service: Service, number: int = 1, target: str = "/lead", **more: Any) -> None:
    for _ in range(number):
        service.send(OutgoingRequest("POST", target, (), b"{}", **more))


def deletions(odd: OddService) -> list[str]:
    return [call.target.removeprefix("/api/v1/") for call in odd.calls if call.method == "DELETE"]


def left(service: Service) -> list[str]:
    return [one.external_id for one in service.undeleted]


def test_what_was_created_is_deleted_the_newest_first() -> None:
    with opened() as (odd, service):
        create(service, 3)
        service.clean_up()
        service.clean_up()
        assert deletions(odd) == ["lead/NEW00002", "lead/NEW00001", "lead/NEW00000"]
    assert left(service) == []


def test_a_deletion_that_was_not_answered_is_sent_once_more_and_no_oftener() -> None:
    def answering(call: Call) -> Answer | None:
        return CUT if call.method == "DELETE" and "NEW00000" in call.target else None

    with opened(answering) as (odd, service):
        create(service, 2)
        for _ in range(4):
            service.clean_up()
            assert left(service) == ["NEW00000"]
        assert deletions(odd) == ["lead/NEW00001", "lead/NEW00000", "lead/NEW00000"]


def test_a_record_that_the_second_deletion_reaches_is_not_said_to_be_left() -> None:
    def answering(call: Call) -> Answer | None:
        return CUT if call.method == "DELETE" and call.nth == 1 else None

    with opened(answering) as (_, service):
        create(service)
        service.clean_up()
        assert left(service) == ["NEW00000"]
        service.clean_up()
        assert service.undeleted == []


def test_a_deletion_that_was_refused_is_not_sent_again() -> None:
    with opened(lambda call: REFUSED if call.method == "DELETE" else None) as (odd, service):
        create(service)
        service.clean_up()
        service.clean_up()
        assert len(deletions(odd)) == 1
        assert service.undeleted == [
            UndeletedRecord("lead", "NEW00000", "its deletion was answered 403.")
        ]


def test_cleaning_up_ends_where_no_call_may_be_made_and_keeps_the_rest() -> None:
    allowed = iter([True, False])
    with opened() as (odd, service):
        create(service, 3)
        service.clean_up(lambda: next(allowed))
        assert deletions(odd) == ["lead/NEW00002"]
        assert [one.external_id for one in service.created] == ["NEW00000", "NEW00001"]
        service.leave_created("no request was left.")
        assert left(service) == ["NEW00000", "NEW00001"]
    assert deletions(odd) == ["lead/NEW00002"]


def test_cleaning_up_that_is_interrupted_is_finished_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(_one: CreatedRecord, _call: object) -> None:
        raise KeyboardInterrupt

    with opened() as (odd, service):
        create(service, 2)
        with monkeypatch.context() as patched:
            patched.setattr(service_module, "delete_created", interrupt)
            with pytest.raises(KeyboardInterrupt):
                service.clean_up()
        assert deletions(odd) == []
    assert deletions(odd) == ["lead/NEW00001", "lead/NEW00000"]


def test_where_a_target_is_odd_the_intent_says_of_what_entity_a_record_is() -> None:
    odd_target = OutgoingRequest("POST", "//x//lead", (), b"{}", is_from_root=True)
    with opened() as (odd, service):
        service.send(odd_target, Intent("create", "lead"))
        service.send(odd_target, Intent("create-task", "lead", "ABC1D2E3"))
        service.clean_up()
    assert deletions(odd) == ["task/NEW00001", "lead/NEW00000"]


def test_what_was_deleted_meanwhile_is_not_deleted_again() -> None:
    with opened() as (odd, service):
        create(service, 2)
        service.forget_created("lead", "NEW00001")
        service.clean_up()
    assert deletions(odd) == ["lead/NEW00000"]


def test_nothing_is_deleted_where_no_one_else_uses_the_service() -> None:
    with opened() as (odd, service):
        service.is_alone = True
        create(service)
        service.clean_up()
    assert deletions(odd) == []


def test_only_requests_of_the_user_say_how_many_calls_the_user_has_left() -> None:
    numbers = iter(["50", "7", "49"])

    def answering(_: Call) -> Answer:
        return Answer(headers=(("x-rate-limit-remaining", next(numbers)),))

    with opened(answering) as (_, service):
        request = OutgoingRequest("GET", "/lead")
        seen: list[int | None] = []
        for authorization in ("good", "none", "good"):
            service.send(request, Intent("list", "lead", authorization=authorization))
            seen.append(service.calls_left)
    assert seen == [50, 50, 49]


@pytest.mark.parametrize("token", ["", 7, None, "töken", "a\nb", ["x"]])
def test_what_no_header_can_carry_is_no_token(token: object) -> None:
    with opened() as (odd, service):
        odd.sign_in = lambda _: Answer.of({"token": token})
        with pytest.raises(ServiceFailed, match="The sign-in gave no token"):
            service.sign_in()
        assert service.token is None


def test_a_service_that_answers_late_is_waited_for_as_long_as_the_request_says() -> None:
    def answering(call: Call) -> Answer | None:
        return Answer(body=b"{", length=99)

    with opened(answering) as (_, service), pytest.raises(NoAnswer, match=r"0\.05"):
        service.send(OutgoingRequest("GET", "/lead", timeout=0.05))
