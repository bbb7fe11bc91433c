"""What is printed as curl is what was sent: its body, and how that is declared."""

from cmdm_tui.harness.calls import CallRequest, create_record, get_record
from cmdm_tui.harness.fuzz.save.curl_script import curl_lines
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.inputs.input_class import with_content_type
from cmdm_tui.harness.oracle import Finding
from tests.harness.mutants.hunt import sandbox

CREATE = create_record("lead", {"LastName": "x"})


def lines_of(*requests: CallRequest) -> list[str]:
    steps = tuple(RecordedStep(request) for request in requests)
    with sandbox() as target, target.service() as service:
        return list(curl_lines(service, Reproduction(steps, (), Finding("a", "b", 1))))[1:]


def declared_as(content_type: str) -> CallRequest:
    headers = with_content_type(CREATE.headers, content_type)
    return CallRequest(CREATE.method, CREATE.path, CREATE.intent, CREATE.body, headers)


def test_a_body_is_declared_as_it_was_sent() -> None:
    as_json, as_text, as_nothing, without = lines_of(
        CREATE, declared_as("text/plain"), declared_as(""), get_record("lead", "ABCD1234")
    )
    assert "--header 'Content-Type: application/json'" in as_json
    assert as_text.lower().count("content-type") == 1
    assert '--header "content-type: text/plain"' in as_text
    assert "application/json" not in as_nothing
    assert "--header 'Content-Type:'" in as_nothing
    assert "content-type" not in without.lower()
