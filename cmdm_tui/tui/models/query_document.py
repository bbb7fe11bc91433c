"""The SQL of one tab: its name, where it is kept, and whether it would be lost."""

from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.text import one_line

_TITLE_WIDTH = 18


@dataclass
class QueryDocument:
    """What a tab holds besides its text. `number` is the tab's, from 1."""

    number: int
    name: str = ""
    """The name of the saved query that it is; empty for none."""
    path: Path | None = None
    """The file that it was opened from or saved to, also of a saved query."""
    saved_text: str = ""
    run_texts: set[str] = field(default_factory=set[str])
    """What was run of it, which the history holds."""

    @property
    def title(self) -> str:
        """The name of the tab, safe and short."""
        name = self.name or ("" if self.path is None else self.path.name)
        return one_line(name, _TITLE_WIDTH) or f"SQL {self.number}"

    def is_changed(self, text: str) -> bool:
        """Return whether the text is another than what is kept."""
        return text.rstrip() != self.saved_text.rstrip()

    def would_lose(self, text: str) -> bool:
        """Return whether closing the tab would lose text that is in no file and no history."""
        return bool(text.strip()) and self.is_changed(text) and text.strip() not in self.run_texts

    def note_saved(self, text: str, path: Path, name: str = "") -> None:
        """Take in that the text was saved there, or opened from there."""
        self.saved_text, self.path, self.name = text, path, name
