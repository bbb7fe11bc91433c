"""Where files are kept: the folders of the XDG base directory specification."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import platformdirs

from cmdm_tui.config.bounded_files import LARGEST_CACHE, check_kind

_APPLICATION = "cmdm"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one user: `config` for profiles, `data` for what is worth keeping.

    `cache` is for what may be lost at any time and belongs in no backup, such as tokens; None
    keeps it below `data`.
    """

    config: Path
    data: Path
    cache: Path | None = None

    @classmethod
    def of_user(cls) -> Self:
        """Return this user's folders.

        `XDG_CONFIG_HOME`, `XDG_DATA_HOME` and `XDG_CACHE_HOME` move them.
        """
        folders = platformdirs.PlatformDirs(_APPLICATION, appauthor=False)
        return cls(
            config=folders.user_config_path,
            data=folders.user_data_path,
            cache=folders.user_cache_path,
        )

    @property
    def profiles(self) -> Path:
        """The file of profiles; it holds no secret."""
        return self.config / "profiles.toml"

    @property
    def secrets(self) -> Path:
        """The file of the secrets that a user asked to be kept; only that user can read it."""
        return self.config / "secrets.toml"

    @property
    def keymap(self) -> Path:
        """The file of the explorer's keys that a user has changed."""
        return self.config / "keymap.toml"

    @property
    def explorer_settings(self) -> Path:
        """What the explorer keeps between runs: its theme, how tables are laid out."""
        return self.data / "explorer" / "settings.json"

    @property
    def explorer_log(self) -> Path:
        """Where the explorer writes its unexpected errors; it holds no value and no secret."""
        return self.data / "explorer" / "errors.log"

    @property
    def drafts(self) -> Path:
        """The folder of what was typed in the explorer and not sent; it may hold records' values.

        Only its user can read it.
        """
        return self.data / "explorer" / "drafts"

    def find_draft_files(self, profile: str) -> list[Path]:
        """Return the files of a profile's unsent drafts, with their locks."""
        return list(self.drafts.glob(f"{profile}.*"))

    @property
    def people_key(self) -> Path:
        """The key by which recordings replace people; only its user can read it."""
        return self.data / "people.key"

    @property
    def tokens(self) -> Path:
        """The folder of the tokens that sign-ins gave; only its user can enter it."""
        return (self.cache or self.data / "cache") / "tokens"

    def find_token_files(self, profile: str) -> list[Path]:
        """Return the files of a profile's tokens, with their locks."""
        return list(self.tokens.glob(f"{profile}.*"))

    @property
    def catalogs(self) -> Path:
        """The folder of what is known of each server."""
        return self.data / "catalogs"

    def find_catalog_files(self, profile: str) -> list[Path]:
        """Return the files of what is known of a profile's server; no name of one holds a dot."""
        return list(self.catalogs.glob(f"{profile}.*"))

    def describe_odd_caches(self, profile: str) -> tuple[str, ...]:
        """Return a warning for each file of what was learnt that cannot be read, and is ignored."""
        warnings: list[str] = []
        for path in sorted(self.find_catalog_files(profile)):
            try:
                check_kind(path.stat(), LARGEST_CACHE)
            except OSError as error:
                warnings.append(f"{path} is not used: {error.strerror}. Remove it.")
        return tuple(warnings)

    @property
    def history(self) -> Path:
        """The history of the prompt and of the explorer's SQL."""
        return self.data / "history"

    @property
    def saved_queries(self) -> Path:
        """The folder of the queries that the user gave a name."""
        return self.config / "queries"

    @property
    def start_file(self) -> Path:
        """The statements that the prompt runs first, if the user has written any."""
        return self.config / "start.sql"

    @property
    def journal(self) -> Path:
        """The journal of the changes that were applied; it holds records, and no secret."""
        return self.data / "journal" / "journal.sqlite"

    @property
    def sandbox(self) -> Path:
        """The sandbox's data folder."""
        return self.data / "sandbox"

    @property
    def demo(self) -> Path:
        """The data folder of the demo's embedded sandbox."""
        return self.data / "demo"
