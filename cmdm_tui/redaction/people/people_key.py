"""The key of the stand-ins: one for each user of this machine, or one that a team shares.

With one key a person has the same stand-in in every recording. Whoever has the key and a recording
can find the people in it, so it is kept apart from recordings, readable by its owner only.
"""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from cmdm_tui.config.credentials import note_secret
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.folder_lock import lock_folder
from cmdm_tui.config.private_files import read_private_file, replace_file

KEY_VARIABLE = "CMDM_PEOPLE_KEY"
"""The environment variable for a key that several machines share: any text of 16 characters on."""

_SHORTEST_KEY = 16
_KEY_BYTES = 32


def load_people_key(path: Path, environment: Mapping[str, str]) -> bytes:
    """Return the key in the environment, else that in the file, which is made where there is none.

    Raises ConfigurationError for a key that is too short, and a file that cannot be used.
    """
    given = environment.get(KEY_VARIABLE, "")
    if given:
        if len(given) < _SHORTEST_KEY:
            message = f"{KEY_VARIABLE} is too short: give it {_SHORTEST_KEY} characters or more."
            raise ConfigurationError(message)
        note_secret(given)
        return hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
    if path.exists():
        return _read_key(path)
    with lock_folder(path.parent):
        if not path.exists():
            replace_file(path, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
    return _read_key(path)


def _read_key(path: Path) -> bytes:
    content = read_private_file(path, 4 * _KEY_BYTES)
    try:
        written = (content or b"").decode("ascii").strip()
        key = bytes.fromhex(written)
    except ValueError:
        written, key = "", b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{path} is not a key for stand-ins, or others may read it. Remove it, and the next "
            "recording makes another: people get other stand-ins then."
        )
    note_secret(written)
    return key
