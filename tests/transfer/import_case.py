"""A file, what is said about it, and what must come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.transfer import ImportOptions
from cmdm_tui.transfer.errors import QuestionOption

Refusal = tuple[int, str | None, str]
"""The line, the column, and a part of the reason."""


@dataclass(frozen=True)
class ImportCase:
    """`asks` are the options wanted where `options` are not given.

    `file_refusal` is the line and a part of the reason for which nothing of the file is taken.
    """

    name: str
    content: bytes
    rows: Sequence[Mapping[str, str]] = ()
    refused: Sequence[Refusal] = ()
    entity: str = "lead"
    options: ImportOptions = field(default_factory=ImportOptions)
    asks: Sequence[QuestionOption] = ()
    told: Sequence[str] = ()
    detected: Mapping[str, object] = field(default_factory=dict[str, object])
    file_refusal: tuple[int | None, str] | None = None
    kind: str = ""

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.content)
        return path

    def __str__(self) -> str:
        return f"{self.kind} ({self.name})" if self.kind else self.name
