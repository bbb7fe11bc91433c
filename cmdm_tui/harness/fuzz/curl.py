"""The steps to a failure as lines for a shell, with no secret in them."""

from collections.abc import Iterator

import httpx

from cmdm_tui.api.curl import format_curl, format_sign_in_curl
from cmdm_tui.harness.fuzz.asking import BEARER, Limit, Request, Wait
from cmdm_tui.harness.fuzz.naming import respelt
from cmdm_tui.harness.fuzz.reduce import Path, Taken
from cmdm_tui.harness.fuzz.target import Target
from cmdm_tui.harness.oracle.contract import BASE

_LONGEST = 4_000


def curl_lines(target: Target, path: Path) -> Iterator[str]:
    """Yield a line for each step: a curl command, or a comment where curl can do nothing.

    Ids that a step makes are put into shell variables that later steps use.
    """
    url = target.url
    yield format_sign_in_curl(httpx.URL(f"{url}{target.base}/authenticate"))
    names: dict[str, str] = {}
    for one in path.taken:
        yield _line(url, one, names).replace(f"{url}{BASE}/", f"{url}{target.base}/")
        if one.made:
            names.setdefault(one.made, f"ID{len(names) + 1}")


def _line(url: str, one: Taken, names: dict[str, str]) -> str:
    step = one.step
    if isinstance(step, Wait):
        return f"# wait {step.seconds:g} seconds, or move the sandbox's clock"
    if isinstance(step, Limit):
        return f"# set the sandbox's hourly limit so that {step.calls} calls are left"
    line = _command(url, step)
    if len(line) > _LONGEST:
        return f"# {step.method} {step.path[:200]} with {len(step.body):,} bytes of body"
    for external_id, name in names.items():
        # The id stands within single quotes, which end before the variable and begin after it.
        line = respelt(
            line,
            external_id,
            lambda one, whole=external_id, name=name: (
                f"'\"${name}\"'" if one == whole else f"'\"$(echo ${name} | tr A-Z a-z)\"'"
            ),
        )
    if not one.made or one.made in names:
        return line
    return f'ID{len(names) + 1}=$({line} --silent | sed \'s/.*ExternalID" *: *"//; s/".*//\')'


def _command(url: str, step: Request) -> str:
    body = step.body or None
    line = format_curl(step.method, httpx.URL(url), body)
    # httpx would normalise a path that is odd on purpose; curl is told not to.
    address = "'" + (url + step.path).replace("'", "'\\''") + "'"
    line = line.replace(f" {url} ", f" --path-as-is {address} ", 1)
    if step.headers == BEARER:
        return line
    lines = [f'--header "{name}: {value}"' for name, value in step.headers]
    return line.replace(f'--header "Authorization: Bearer {TOKEN_IN_CURL}"', " ".join(lines), 1)


TOKEN_IN_CURL = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable
