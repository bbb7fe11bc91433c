"""The steps to a failure as lines for a shell, without secrets."""

import re
from collections.abc import Iterator

import httpx

from cmdm_tui.api.curl import format_curl, format_sign_in_curl
from cmdm_tui.harness.calls import BEARER_HEADERS, BODY_HEADERS, CallRequest
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.harness.fuzz.shrink.id_replacement import replace_id
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.fuzz.steps import AdvanceClock, SetCallsLeft
from cmdm_tui.harness.service import Service

_LONGEST_LINE = 4_000


def curl_lines(service: Service, path: Reproduction) -> Iterator[str]:
    """Yield a line for each step: a curl command, or a comment where curl cannot do it.

    Ids that a step makes are put into shell variables that later steps use.
    """
    url = service.origin
    yield format_sign_in_curl(httpx.URL(f"{service.api_url}/authenticate"))
    names: dict[str, str] = {}
    for one in path.steps:
        yield _step_line(url, one, names).replace(f"{url}{API_PATH}/", f"{service.api_url}/")
        if one.created_id:
            names.setdefault(one.created_id, f"ID{len(names) + 1}")


def _step_line(url: str, one: RecordedStep, names: dict[str, str]) -> str:
    step = one.step
    if isinstance(step, AdvanceClock):
        return f"# wait {step.seconds:g} seconds, or move the sandbox's clock"
    if isinstance(step, SetCallsLeft):
        return f"# set the sandbox's hourly limit so that {step.calls} calls are left"
    line = _curl_command(url, step)
    if len(line) > _LONGEST_LINE:
        return f"# {step.method} {step.path[:200]} with {len(step.body):,} bytes of body"
    for external_id, name in names.items():
        # The id stands within single quotes, which end before the variable and begin after it.
        line = replace_id(
            line,
            external_id,
            lambda one, whole=external_id, name=name: (
                f"'\"${name}\"'" if one == whole else f"'\"$(echo ${name} | tr A-Z a-z)\"'"
            ),
        )
    if not one.created_id or one.created_id in names:
        return line
    return f'ID{len(names) + 1}=$({line} --silent | sed \'s/.*ExternalID" *: *"//; s/".*//\')'


def _curl_command(url: str, step: CallRequest) -> str:
    body = step.body or None
    line = format_curl(step.method, httpx.URL(url), body)
    # httpx would normalise a path that is odd on purpose; --path-as-is keeps curl from it.
    address = "'" + (url + step.path).replace("'", "'\\''") + "'"
    line = line.replace(f" {url} ", f" --path-as-is {address} ", 1)
    if step.headers == (BODY_HEADERS if step.body else BEARER_HEADERS):
        return line
    lines = [f'--header "{name}: {in_shell(value)}"' for name, value in step.headers]
    if step.body and not any(name == "content-type" for name, _ in step.headers):
        # Without this, curl would declare a body as a form.
        lines.append("--header 'Content-Type:'")
    line = line.replace(" --header 'Content-Type: application/json'", "", 1)
    return line.replace(f'--header "Authorization: Bearer {TOKEN_IN_CURL}"', " ".join(lines), 1)


def in_shell(value: str) -> str:
    """Return a header's value as a shell reads it within double quotes."""
    return _CHANGED.sub(lambda found: _CHANGES[found[2]].format(found[1]), value)


_CHANGED = re.compile(r"\$(CMDM_[A-Z_]+?)_(CUT|FLIPPED|SWAPPED)\b")
_CHANGES = {
    "CUT": "${{{}%?}}",
    "FLIPPED": "$(printf %s \"${}\" | sed -e 's/A$/B/' -e t -e 's/.$/A/')",
    "SWAPPED": '$(printf %s "${}" | tr A-Za-z a-zA-Z)',
}
TOKEN_IN_CURL = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable
