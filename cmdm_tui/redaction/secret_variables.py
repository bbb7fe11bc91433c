"""Replaces secrets by the names of variables in stored exchanges, and back as they are sent."""

import re
from collections.abc import Mapping

from cmdm_tui.redaction.common_words import is_searched_for
from cmdm_tui.redaction.leak_scanner import SHORTEST_SECRET

_MOST_TOKENS = 1_000
_ENDED = "$CMDM_TOKEN_ENDED"  # the name of a variable
_GUARDED = ("$CMDM_PASSWORD_", "$CMDM_CLIENT_SECRET_")
_LONG_ENOUGH = 8
_VARIABLE = re.compile(r"\$CMDM_[A-Z_]*[A-Z]")

HeaderLines = tuple[tuple[str, str], ...]


class SecretVariables:
    """The credentials and tokens of a run, each under the name of its variable.

    Requests name them (`$CMDM_TOKEN`); `fill_headers` turns the names into values and
    `replace_secrets` turns values back into names. `$CMDM_TOKEN_CUT` and `$CMDM_TOKEN_FLIPPED` are
    the token with its last character cut off or changed, `$CMDM_TOKEN_ENDED` is one that has ended.
    A value that is in other texts by chance (`is_searched_for`) is filled in, and not replaced.
    `$CMDM_PASSWORD_CUT` and `$CMDM_PASSWORD_SWAPPED`, and those of the other credentials, are the
    credential without its last character, and with capitals for small letters and the reverse;
    there is none where that changes nothing, or leaves nothing.
    """

    def __init__(self, credentials: Mapping[str, str]) -> None:
        given = {f"$CMDM_{name.upper()}": value for name, value in credentials.items()}
        changed = {
            variable: value
            for name, one in given.items()
            for variable, value in ((f"{name}_CUT", one[:-1]), (f"{name}_SWAPPED", one.swapcase()))
            if value and value != one
        }
        self._values = changed | given
        self._hidden: list[tuple[bytes, bytes]] = []
        for name, value in changed.items():
            if name.startswith(_GUARDED) and _is_telling(value):
                self._hide(value, name)
        # What is hidden last is looked for first: a whole value before the part of it.
        for name, value in given.items():
            if is_searched_for(name.removeprefix("$CMDM_").lower(), value):
                self._hide(value, name)

    @property
    def values(self) -> frozenset[str]:
        """Every secret known so far."""
        return frozenset(value.decode("utf-8", "surrogateescape") for value, _ in self._hidden)

    @property
    def has_ended_token(self) -> bool:
        """Whether there is a token that has ended."""
        return _ENDED in self._values

    def can_fill(self, headers: HeaderLines) -> bool:
        """Return whether there is a value for each variable: a token may not have ended yet."""
        named = (name for _, value in headers for name in _VARIABLE.findall(value))
        return all(name in self._values for name in named)

    def use_token(self, token: str) -> None:
        """Use a new token from now on."""
        last = "A" if token[-1:] != "A" else "B"
        self._values["$CMDM_TOKEN"] = token
        self._values["$CMDM_TOKEN_CUT"] = token[:-1]
        self._values["$CMDM_TOKEN_FLIPPED"] = token[:-1] + last
        self._hide(token, "$CMDM_TOKEN")

    def hide_token(self, token: str) -> None:
        """Hide a token that the service gave and that is not used."""
        if len(self._hidden) < _MOST_TOKENS:
            self._hide(token, "$CMDM_TOKEN")

    def end_token(self) -> None:
        """Remember the token as one that has ended."""
        self._values[_ENDED] = self._values.get("$CMDM_TOKEN", "")

    def forget_ended_token(self) -> None:
        """Forget the token that has ended: the clock was turned back."""
        self._values.pop(_ENDED, None)

    def fill_headers(self, headers: HeaderLines) -> HeaderLines:
        """Return header lines with the values of the variables that they name, as Latin-1 text.

        A value in UTF-8 is its bytes, each as a character.
        """
        lines: list[tuple[str, str]] = []
        for name, text in headers:
            value = text
            if "$" in value:
                # The longer names first: one begins as the other does.
                for variable in sorted(self._values, key=len, reverse=True):
                    value = value.replace(variable, self._values[variable])
            if not value.isascii():
                value = value.encode().decode("latin-1")
            lines.append((name, value))
        return tuple(lines)

    def holds_secret(self, *texts: bytes) -> bool:
        """Return whether any of these bodies and headers holds a value to replace."""
        return any(value in text for value, _ in self._hidden for text in texts)

    def replace_secrets(self, text: bytes) -> bytes:
        """Return a body or a header with the names of variables instead of their values."""
        for value, name in self._hidden:
            if value in text:
                text = text.replace(value, name)
        return text

    def _hide(self, value: str, name: str) -> None:
        pair = (value.encode(), name.encode())
        if len(value) >= SHORTEST_SECRET and pair not in self._hidden:
            self._hidden.insert(0, pair)


def _is_telling(value: str) -> bool:
    """Return whether a changed secret tells the secret, and is not a word that a text may hold."""
    return len(value) >= _LONG_ENOUGH and not value.isalpha()
