"""Cassettes instead of the network: every client of a test is answered from them, or recorded."""

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cmdm_tui.api import Client, Credentials, SecretStr
from cmdm_tui.config import ConfigurationError
from cmdm_tui.harness.calls import CREDENTIAL_NAMES
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import CASSETTE_SUFFIX, KINDS, built_in_folder
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.pytest_plugin.cassette_options import CassetteOptions
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.sandbox.http.call_journal import SETUP_HEADER

if TYPE_CHECKING:
    import pytest

    from cmdm_tui.harness.cassettes.vcr_playback import Playback
    from cmdm_tui.redaction.people.person_redactor import PersonRedactor


def read_environment_headers() -> Mapping[str, str]:
    """Return the headers of a sign-in that the environment holds; none where one is missing."""
    found = {name: os.environ.get(f"CMDM_{name.upper()}", "") for name in CREDENTIAL_NAMES}
    return found if all(found.values()) else {}


_PACKAGE = Path(__file__).parents[1]
_STANDARD_LIBRARY = Path(os.__file__).parent

REPLAYED_HEADERS: Mapping[str, str] = dict.fromkeys(CREDENTIAL_NAMES, "recorded")
"""The headers of a sign-in where a cassette is played, which looks at none of them."""


_MOST_NAMED = 5


class CassetteMissing(Exception):
    """There is no cassette that a test names; the message says where it was searched."""


class CassetteFailed(Exception):
    """A cassette could not be played or written, or was not used as it should be: a sentence."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """Recorded sessions. `url` is the address before `/api/v1`, for a client to use.

    `sign_in_headers` are the four of `POST /authenticate`: any will do where a cassette is played;
    where one is recorded, they are those of the sandbox, or, of another service, those in the
    environment (`CMDM_CLIENT_ID`, …), none where not all of them are there.
    """

    playback: "Playback"
    url: str
    sign_in_headers: Mapping[str, str]

    @property
    def left(self) -> int:
        """How many recorded calls have not been made."""
        return self.playback.left

    @property
    def not_recorded(self) -> Sequence[str]:
        """The calls that the cassettes do not hold: a sentence each."""
        return tuple(self.playback.not_recorded)

    def client(self) -> Client:
        """Return an asynchronous client that is answered from here."""
        if not self.sign_in_headers:
            message = (
                "To record of your service by this client, set CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, "
                "CMDM_USERNAME and CMDM_PASSWORD."
            )
            raise CassetteFailed(message)
        client_id, client_secret, username, password = (
            self.sign_in_headers[name] for name in CREDENTIAL_NAMES
        )
        credentials = Credentials(
            SecretStr(client_id), SecretStr(client_secret), username, SecretStr(password)
        )
        return Client(self.url, credentials)


@dataclass(frozen=True, slots=True)
class CassetteFolders:
    """Where cassettes are: next to the test, and in the folder for them, where new ones go."""

    beside: Path
    folder: Path

    def find(self, name: str) -> Path | None:
        """Return a cassette by its file, or by the name of its case; None where there is none."""
        file = name if Path(name).suffix else f"{name}{CASSETTE_SUFFIX}"
        roots = [self.beside, self.folder, *(self.folder / kind for kind in KINDS)]
        roots += [built_in_folder() / kind for kind in KINDS]
        return next((root / file for root in roots if _is_file(root / file)), None)

    def choose_target(self, name: str) -> Path:
        """Return where a cassette is recorded to: its own file, but none of cmdm's."""
        found = self.find(name)
        if found is not None and not found.is_relative_to(built_in_folder()):
            return found
        return self.folder / (name if Path(name).suffix else f"{name}{CASSETTE_SUFFIX}")

    def require(self, name: str) -> Path:
        """Return a cassette. Raises CassetteMissing where there is none."""
        found = self.find(name)
        if found is None:
            message = (
                f"There is no cassette {name.removesuffix(CASSETTE_SUFFIX)}{CASSETTE_SUFFIX} next "
                f"to the test, in {self.folder}, or among those of cmdm. cmdm cases list names "
                "these; cmdm record makes one, and so does --cmdm-record-mode=once."
            )
            raise CassetteMissing(message)
        return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name that is too long for a file.
        return False


def make_playback(
    names: Sequence[str], folders: CassetteFolders, options: CassetteOptions, service: str
) -> "Playback":
    """Return what is to be played or recorded. Raises CassetteMissing, or CassetteFailed."""
    try:
        from cmdm_tui.harness.cassettes.vcr_playback import LOCAL_HOSTS, Playback
    except ModuleNotFoundError as error:
        message = f"cmdm_cassette needs {error.name}: pip install 'cmdm-tui[harness]' brings it."
        raise CassetteFailed(message) from None
    target = None
    if will_record(names, folders, options):
        if len(names) > 1:
            message = (
                f"{len(names)} cassettes cannot be recorded at once: name one, or play them with "
                "record_mode='none'."
            )
            raise CassetteFailed(message)
        target = folders.choose_target(names[0])
        paths = [target] if target.is_file() else []
    else:
        paths = [folders.require(name) for name in names]
    passed = options.pass_hosts
    if options.passes_localhost:
        passed |= LOCAL_HOSTS
    return Playback(
        paths,
        target,
        service.rstrip("/") or ADDRESS,
        passed,
        SETUP_HEADER.decode(),
        options.order_free,
        options.vcrpy,
        LeakScanner(),
        None if target is None else _choose_people(service, folders, options),
    )


def _choose_people(
    service: str, folders: CassetteFolders, options: CassetteOptions
) -> "PersonRedactor | None":
    """Return what replaces the people of a service, unless that is known to be a sandbox.

    The rules are those of the profile that CMDM_PROFILE names. Raises CassetteFailed for a key or a
    hook that cannot be used.
    """
    from cmdm_tui.config import Paths, ProfileStore
    from cmdm_tui.harness.cassettes.people import open_people

    is_sandbox = not service or _is_known_sandbox(service)
    if options.keep_people or (is_sandbox and not options.people_hook):
        return None
    paths, rules = Paths.of_user(), None
    hook = folders.beside / options.people_hook if options.people_hook else None
    try:
        if name := os.environ.get("CMDM_PROFILE"):
            store = ProfileStore(paths)
            rules = store.find_people_rules(store.load_settings(store.choose(name)))
        return open_people(rules, paths, os.environ, hook=hook)
    except ConfigurationError as error:
        raise CassetteFailed(str(error)) from None


def _is_known_sandbox(service: str) -> bool:
    """Return whether the environment holds a sandbox's sign-in for this very address."""
    from cmdm_tui.harness.cassettes.people import is_known_sandbox

    named = urlsplit(os.environ.get("CMDM_URL", ""))
    if urlsplit(service)[:2] != named[:2]:
        return False
    given = read_environment_headers()
    return bool(given) and is_known_sandbox(service, given["client_id"], given["username"])


def hide_foreign_frames(failure: "pytest.ExceptionInfo[BaseException]") -> None:
    """Let a call that is not recorded fail in the test's own line, not in the client's frames."""
    from cmdm_tui.harness.cassettes.vcr_playback import CallNotRecorded

    if not isinstance(failure.value, CallNotRecorded):
        return
    last, one = None, failure.tb
    while one is not None:
        if not _is_foreign(Path(one.tb_frame.f_code.co_filename)):
            last = one
        one = one.tb_next
    if last is not None:
        last.tb_next = None


def _is_foreign(path: Path) -> bool:
    """Return whether a file is one of a library, of Python or of this package."""
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return any(path.is_relative_to(root) for root in (_STANDARD_LIBRARY, _PACKAGE))


def will_record(names: Sequence[str], folders: CassetteFolders, options: CassetteOptions) -> bool:
    """Return whether calls may be recorded: in `once`, only where there is no cassette yet."""
    match options.record_mode:
        case "none":
            return False
        case "once":
            return any(folders.find(name) is None for name in names)
        case _:
            return True


@contextmanager
def play_cassette(
    playback: "Playback", options: CassetteOptions, url: str, headers: Mapping[str, str]
) -> Generator[Cassette]:
    """Answer every client of this process from the cassette; block the network, or record.

    Raises CassetteFailed for a cassette that cannot be read or written, or was not called.
    """
    from cmdm_tui.harness.cassettes.vcr_playback import play

    mode = options.record_mode if playback.target is not None else "none"
    try:
        with play(playback, record_mode=mode):
            yield Cassette(playback, url, headers)
    except (HarnessError, ConfigurationError, SecretLeak, ValueError) as error:
        raise CassetteFailed(str(error)) from None
    except KeyError as error:
        raise CassetteFailed(f"{error.args[0]}.") from None
    except OSError as error:
        place = error.filename or playback.target
        message = f"The cassette {place} cannot be used: {error.strerror or error}."
        raise CassetteFailed(message) from error


def find_faults(cassette: Cassette, options: CassetteOptions, name: str) -> str:
    """Return what was wrong with how a test that passed has used its cassettes; "" for nothing."""
    playback = cassette.playback
    if playback.not_recorded:
        first = playback.not_recorded[0]
        more = len(playback.not_recorded) - 1
        rest = f" (and {more} more)" if more else ""
        return f"{name} made a call that no cassette holds, and passed: {first}{rest}"
    if options.allow_unused or playback.recorded_count:
        return ""
    if options.require_all and playback.paths and (unused := playback.list_unused()):
        few = "; ".join(unused[:_MOST_NAMED])
        more = f"; and {len(unused) - _MOST_NAMED} more" if len(unused) > _MOST_NAMED else ""
        total = len(unused) + playback.played_count
        return (
            f"{name} made {playback.played_count} of {total} recorded calls, and require_all is "
            f"set. Not made: {few}{more}."
        )
    unplayed = [path.name for path in playback.list_unplayed()]
    if playback.target is not None and not playback.paths:
        unplayed = [playback.target.name]
    if not unplayed:
        return ""
    return (
        f"{name} made no call that is answered from {' and '.join(unplayed)}. Check that it calls "
        f"{cassette.url}/api/v1, by requests, urllib3, aiohttp, httpx or one of their kind; or "
        "say allow_unused=True."
    )
