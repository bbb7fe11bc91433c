"""What keeps a file from being read: a fault of all of it, or questions that it leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cmdm_tui.text import join_sentences, one_line

QuestionOption = Literal[
    "dates", "decimal", "delimiter", "encoding", "header", "key", "link", "map", "sheet", "zone"
]
"""The option of an import that answers a question."""


class ImportFileError(Exception):
    """A file cannot be read into records; none of it is imported.

    `str()` is one safe line: what is wrong, and what to do. `line` counts from 1, `column` is the
    header at fault; None where there is none.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return join_sentences(self.message, self.hint)


class MissingReader(ImportFileError):
    """A library that reads this kind of file is not installed; `str()` says how to install it."""


@dataclass(frozen=True, slots=True)
class ImportQuestion:
    """What a file leaves open, and the option that settles it.

    `about` is the header in question, empty where the whole file is meant; `subject` is the key of
    the mapping that an answer goes to, where `option` is `map`. `suggestions` are possible answers,
    the likeliest first; an empty one leaves the column out.
    """

    option: QuestionOption
    sentence: str
    about: str = ""
    subject: str = ""
    suggestions: tuple[str, ...] = ()
    line: int | None = None

    @property
    def option_words(self) -> str:
        """The option as it is written; with an answer as an example where its form is long."""
        if self.option != "link":
            return f"--{self.option}"
        return f"--link {self.subject}={self.suggestions[0]}"


class ImportQuestions(ImportFileError):
    """A file can be read in more than one way, and no guess is made: `questions` says what to ask.

    A terminal asks them and reads the file again (`ImportOptions.with_answer`). A script gets the
    error, which names the options that are wanted.
    """

    def __init__(self, questions: Sequence[ImportQuestion]) -> None:
        self.questions = tuple(questions)
        options = list(dict.fromkeys(question.option_words for question in self.questions))
        first = self.questions[0]
        super().__init__(
            "; ".join(question.sentence.rstrip(".") for question in self.questions),
            f"Say which with {one_line(', '.join(options), 300)}",
            line=first.line,
            column=first.about or None,
        )
