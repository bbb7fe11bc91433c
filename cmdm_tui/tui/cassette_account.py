"""Opens cassettes as an account: the records that their calls saw, read-only and offline."""

from pathlib import Path

from cmdm_tui.config import ConfigurationError, Credentials, Profile, SecretStr
from cmdm_tui.config.errors import UnusableFile
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.offline_account import OfflineAccount

_SUFFIXES = (".yaml", ".yml")
_NO_ADDRESS = "http://127.0.0.1"
"""An address that a client accepts; what was recorded answers in place of the network."""
_NO_SECRET = "no-secret-of-anybody"  # noqa: S105 — a sign-in to a cassette takes anything


def open_cassettes(path: Path) -> OfflineAccount:
    """Return the account of a cassette, or of those in a folder; it may take seconds.

    Raises ConfigurationError where nothing there can be explored: a sentence that names the file,
    and the line in it that is at fault.
    """
    # Late: the explorer seldom needs it.
    from cmdm_tui.harness.errors import HarnessError

    try:
        return _open(path)
    except HarnessError as error:
        raise UnusableFile(str(error)) from None
    except ModuleNotFoundError as error:
        message = f"This needs {error.name}: pipx install 'cmdm-tui[harness]' brings it."
        raise UnusableFile(message) from None
    except OSError as error:
        raise refuse_file(error, path) from None


def refuse_file(error: OSError, path: Path) -> ConfigurationError:
    """Return what to raise for a file that cannot be read: it, or one in a folder at `path`."""
    shown = one_line(str(error.filename or path), 300)
    reason = error.strerror or "it cannot be read"
    return UnusableFile(f"{shown} cannot be read: {reason}. Check its path.")


def name_offline_profile(path: Path) -> str:
    """Return a name that no profile has: it ends as the file does, or as a folder."""
    name = path.absolute().name
    return f"{name}/" if path.is_dir() else name if "." in name else f"./{name}"


def _open(path: Path) -> OfflineAccount:
    from cmdm_tui.catalog import DEFAULT_ENTITIES
    from cmdm_tui.harness.cassettes.recorded_service import RecordedService

    shown, folder = one_line(str(path), 300), path if path.is_dir() else None
    cassettes = [path] if folder is None else _list_cassettes(folder)
    if not cassettes:
        raise UnusableFile(f"{shown} holds no cassettes and no sandbox's data. Name another path.")
    service = RecordedService.of(*cassettes, folder=folder)
    records = service.records
    if not records.call_count:
        raise UnusableFile(f"{shown} holds no calls. Record some, or name another file.")
    if records.is_empty:
        raise UnusableFile(
            f"{shown} shows no record and no field: no call in it read or sent one. "
            "Name another file."
        )
    what = "cassette" if folder is None else count_noun(len(cassettes), "cassette")
    secret, name = SecretStr(_NO_SECRET), name_offline_profile(path)
    profile = Profile(
        name=name,
        url=_NO_ADDRESS,
        credentials=Credentials(secret, secret, "nobody", secret),
        catalog=name,
        entities=tuple(one for one in records.entities if one not in DEFAULT_ENTITIES),
        read_only=True,
    )
    seen = f"{what}: {count_noun(records.record_count, 'record')} seen"
    return OfflineAccount(profile, seen, service)


def _list_cassettes(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
