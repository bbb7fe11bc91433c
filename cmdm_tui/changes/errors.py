"""What can go wrong with changes: one small tree of errors, each with a hint what to do."""

from cmdm_tui.text import join_sentences


class ChangeError(Exception):
    """The root of the tree. `str()` is one safe line: what happened, to what, what to do next."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return join_sentences(self.message, self.hint)


class InvalidChange(ChangeError):
    """A change set is not sound in itself: it names an id, a parent or a position wrongly."""


class PartialChanges(ChangeError):
    """Not every record that may be meant was read, so the changes would be a part of what is."""

    hint = "Nothing was sent. Allow more calls with --max-calls, or send this part: --allow-partial"


class IncompleteChanges(ChangeError):
    """Not all changes of a run were made; it `is_in_doubt` where one of them may have been."""

    def __init__(self, message: str, *, is_in_doubt: bool, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.is_in_doubt = is_in_doubt


class ChangeFileError(ChangeError):
    """A file of changes cannot be read or written; `line` counts from 1, None for the whole."""

    def __init__(self, message: str, *, hint: str | None = None, line: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line = line


class JournalError(ChangeError):
    """The journal cannot be read or written, so nothing more is sent."""


class NoSuchRun(JournalError):
    """The journal holds no run with this number."""

    hint = "cmdm journal list shows those it holds"


class RunInUse(JournalError):
    """Another process is applying this run."""

    hint = "Wait until it has ended, or stop it first"


class OtherAccount(ChangeError):
    """The changes were made for another server or another user than the one that is open."""

    hint = "Use the profile that they were made with"


class RunTakenBack(ChangeError):
    """What is left of a run is not sent, as a later run has taken it back."""

    hint = "Make the changes again"


class ChangesSentBefore(ChangeError):
    """The very same changes were sent already, as the run `run_id`; so nothing is sent again."""

    def __init__(self, run_id: int, *, hint: str) -> None:
        super().__init__(f"Run {run_id} has sent these changes already", hint=hint)
        self.run_id = run_id
