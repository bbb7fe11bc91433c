"""Writes into the package's metadata what only its repository's address makes whole.

PyPI shows README.md outside the repository, where an address such as `.github/explorer/query.svg`
leads nowhere. So relative addresses become absolute ones below the repository that the package is
built from: `CMDM_REPOSITORY` where that is set, else the address of git's remote `origin`. Where
neither is a web address, pictures are left out, links become plain words, and no project URL is
named.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?://|#)([^)]+)\)\n*")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?://|#)([^)]+)\)")
_REMOTE = re.compile(r"(?:https://|ssh://git@|git@)([\w.-]+)[/:]([\w.~/-]+?)(?:\.git)?/?")


class CustomMetadataHook(MetadataHookInterface):
    """The hook that hatchling looks for; `pyproject.toml` names this file."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the readme and the project's addresses."""
        root = Path(self.root)
        repository = find_repository(root)
        text = (root / "README.md").read_text(encoding="utf-8")
        readme = link_outside(text, repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
        metadata["urls"] = name_addresses(repository)


def find_repository(root: Path) -> str | None:
    """Return the web address of the repository, None where it has none."""
    address = os.environ.get("CMDM_REPOSITORY")
    if address is None:
        command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
        try:
            asked = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:  # no git
            return None
        address = asked.stdout.strip()
    found = _REMOTE.fullmatch(address)
    return f"https://{found[1]}/{found[2]}" if found else None


def name_addresses(repository: str | None) -> dict[str, str]:
    """Return `project.urls`."""
    if repository is None:
        return {}
    return {
        "Repository": repository,
        "Documentation": f"{repository}#readme",
        "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def link_outside(text: str, repository: str | None) -> str:
    """Return Markdown whose pictures and links lead somewhere wherever it is shown."""
    if repository is None:
        return _LINK.sub(r"\1", _PICTURE.sub("", text))
    text = _PICTURE.sub(rf"![\1]({repository}/raw/HEAD/\2)\n\n", text)
    return _LINK.sub(rf"[\1]({repository}/blob/HEAD/\2)", text)
