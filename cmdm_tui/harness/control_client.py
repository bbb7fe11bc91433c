"""A client of a sandbox's control plane: records, clock, limits, faults and behaviours."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cmdm_tui.api.errors import InsecureAddress, InvalidCall
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import Answer
from cmdm_tui.harness.http.connection import NoAnswer, RawConnection
from cmdm_tui.redaction.redactor import Redactor
from cmdm_tui.text import one_line

_REFUSED_TOKEN = frozenset({401, 403, 404})
_LONGEST_REASON = 300


class ControlFailed(HarnessError):
    """The control plane refused a command or did not answer; the message is one sentence."""


class _ControlAnswer(msgspec.Struct):
    """Every answer of a control plane."""

    result: Any


class _ControlRefusal(msgspec.Struct):
    """What a control plane answers to a command that it does not carry out."""

    message: str = msgspec.field(name="Message")


class ControlClient:
    """A client of the control plane at `address`, which takes commands with `token`.

    The constructor and every method raise ControlFailed where the command was not carried out.
    """

    def __init__(self, address: str, token: str) -> None:
        try:
            self._connection = RawConnection(str(parse_base_url(address)))
        except (InvalidCall, InsecureAddress, ValueError) as error:
            shown = one_line(address, 100)
            message = f"{shown} is not the address of a control plane: check CMDM_CONTROL."
            raise ControlFailed(message) from error
        self._path = urlsplit(address.strip()).path.rstrip("/")
        self._token = token
        self._headers = (("Authorization", f"Bearer {token}"),)
        self._address = one_line(address, 100)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def snapshot(self, name: str) -> None:
        """Save all records under `name`."""
        self._send_command("POST", "/snapshot", {"name": name})

    def restore(self, name: str, *, calls: bool = False) -> None:
        """Go back to the records saved; with `calls`, calls are counted from zero again."""
        self._send_command("POST", "/restore", {"name": name, "calls": calls})

    def reset(self) -> None:
        """Restore everything to the start of the sandbox, except for the tokens."""
        self._send_command("POST", "/reset")

    def read_clock(self) -> float:
        """Return the Unix time of the sandbox's clock."""
        return float(self._send_command("GET", "/clock")["now"])

    def is_clock_frozen(self) -> bool:
        """Return whether the sandbox's clock is stopped."""
        return bool(self._send_command("GET", "/clock")["stands"])

    def set_clock(self, now: float) -> None:
        """Set the clock to a Unix time."""
        self._send_command("POST", "/clock", {"now": now})

    def advance_clock(self, seconds: float) -> None:
        """Move the clock on."""
        self._send_command("POST", "/clock", {"advance": seconds})

    def settings(self) -> dict[str, int | None]:
        """Return the limits, a token's life in seconds, and the cap of a page."""
        return self._send_command("GET", "/settings")

    def set(self, **settings: int) -> None:
        """Change settings: `rate_limit`, `month_limit`, `token_ttl`."""
        self._send_command("PATCH", "/settings", settings)

    def freeze_clock(self, now: float) -> None:
        """Stop the clock at a Unix time: time then passes only by `advance_clock`."""
        self._send_command("POST", "/clock", {"now": now, "stands": True})

    def run_clock_from(self, now: float) -> None:
        """Set the clock to a Unix time and let it run on."""
        self._send_command("POST", "/clock", {"now": now, "stands": False})

    def set_faults(self, *faults: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
        """Let these faults occur and no others; none removes them all.

        Each is a mapping, as a `[[faults]]` of a faults file is a table: `kind`, and either `rate`
        or `nth`. They may be given in a list too.
        """
        listed: list[object] = []
        for one in faults:
            listed += [one] if isinstance(one, Mapping) else list(one)
        self._send_command("PUT", "/faults", {"seed": 0, "faults": listed})

    def set_behaviours(self, **choices: str) -> None:
        """Choose these behaviours; every other one is the sandbox's own."""
        self._send_command("PUT", "/behaviours", choices)

    def _send_command(self, method: str, path: str, body: object = None) -> Any:
        content = b"" if body is None else msgspec.json.encode(body)
        try:
            answer = self._connection.send(method, self._path + path, self._headers, content)
        except NoAnswer as error:
            message = f"The control plane at {self._address} does not answer. {error}"
            raise ControlFailed(message) from error
        except ValueError:
            message = "CMDM_CONTROL or CMDM_CONTROL_TOKEN holds what HTTP cannot carry."
            raise ControlFailed(message) from None
        if answer.status != 200:
            raise ControlFailed(_describe_refusal(self._address, answer, token=self._token))
        try:
            return msgspec.json.decode(answer.body, type=_ControlAnswer).result
        except (msgspec.MsgspecError, UnicodeDecodeError):
            message = f"What answers at {self._address} is not a control plane: check CMDM_CONTROL."
            raise ControlFailed(message) from None


def _describe_refusal(address: str, answer: Answer, *, token: str) -> str:
    """Return why a command was refused, in the words of the control plane where it gives any."""
    head = f"The control plane at {address} answered {answer.status}"
    try:
        reason = msgspec.json.decode(answer.body, type=_ControlRefusal).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"{head}; check CMDM_CONTROL and CMDM_CONTROL_TOKEN."
    reason = one_line(Redactor([token])(reason), _LONGEST_REASON).rstrip(".")
    if answer.status in _REFUSED_TOKEN:
        return f"{head}: {reason}. Check CMDM_CONTROL and CMDM_CONTROL_TOKEN."
    return f"{head}: {reason}."
