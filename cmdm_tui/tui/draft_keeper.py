"""Keeps what was typed and not sent: while it is typed, and however the explorer ends."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from cmdm_tui.text import describe_unexpected, one_line

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account
    from cmdm_tui.config import Paths
    from cmdm_tui.tui.models.draft_store import DraftStore, KeptDraft
    from cmdm_tui.tui.models.drafts import Draft

SECONDS_BETWEEN = 2.0
"""Seconds after which what was typed is written again: so much is lost where no code can run."""


class DraftSource(Protocol):
    """A screen or a dialog into which text can be typed."""

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost if it were closed now, a safe sentence each."""
        ...

    @property
    def drafts(self) -> "tuple[Draft, ...]":
        """What was typed and not sent, so far as it can be offered again."""
        ...

    @property
    def never_kept(self) -> tuple[str, ...]:
        """What was typed that is never kept, a safe sentence each."""
        ...

    @property
    def takes_over(self) -> bool:
        """Whether what was typed in the dialogs below it is in the journal by now."""
        ...


class DraftKeeper:
    """Writes the drafts of the screens, those behind before those in front, that `sources` gives.

    Where `paths` is None nothing is written and nothing is offered.
    """

    def __init__(self, paths: "Paths | None", sources: Callable[[], Iterable[DraftSource]]) -> None:
        self._paths = paths
        self._sources = sources
        self._account: Account | None = None
        self._store: DraftStore | None = None
        self._written: tuple[Draft, ...] = ()
        self._let_go: tuple[str, ...] = ()
        """Sentences on drafts that had to go for others."""
        self._is_discarded = False
        self.offered: tuple[KeptDraft, ...] = ()
        """The drafts of earlier runs that were neither used nor discarded."""
        self.sentences: tuple[str, ...] = ()
        """What became of the drafts when the explorer ended, in safe sentences."""

    def begin(self, account: "Account") -> tuple[str, ...]:
        """Look for drafts of this account, and keep its own from now on; return what is broken.

        Those of the account before were asked about.
        """
        self.discard()
        self._account, self._is_discarded = account, False
        if self._paths is None:
            return ()
        from cmdm_tui.tui.models.draft_store import DraftOwner, DraftStore

        profile = account.profile
        owner = DraftOwner.of(profile.name, account.client.address, profile.credentials.username)
        self._store = DraftStore(self._paths.drafts, owner)
        kept = self._store.load()
        self.offered = kept.drafts
        return kept.troubles

    def note(self) -> None:
        """Write what is typed now, where it is not what was written."""
        from cmdm_tui.config import ConfigurationError

        try:
            self._write()
        except ConfigurationError:
            return  # it is tried again, and said in the end

    def note_call(self) -> None:
        """Let go of a form whose changes are in the journal, before a call of theirs is sent.

        A kill in the middle of it would leave both, and the changes could be made twice.
        """
        if self._written and any(one.takes_over for one in self._sources()):
            self.note()

    def discard(self) -> None:
        """Keep nothing of what is typed: the person was asked."""
        from cmdm_tui.config import ConfigurationError

        self._is_discarded = True
        try:
            if self._store is not None:
                self._store.save(())
        except ConfigurationError as error:
            self.sentences = (one_line(f"What was typed is still in a file: {error}"),)
        self._written = ()

    def finish(self) -> None:
        """Keep what is typed, as the explorer ends without being asked to, and say so."""
        if self._is_discarded:
            return
        from cmdm_tui.config import ConfigurationError
        from cmdm_tui.tui.models.drafts import describe_kept

        said: list[str] = []
        try:
            said += self._write()
            said.insert(0, describe_kept(self._written))
        except ConfigurationError as error:
            said.append(one_line(f"What was typed last and not sent is not kept: {error}"))
        except Exception as error:  # noqa: BLE001 - a screen that cannot be read; the end goes on
            said.append(
                f"What was typed last and not sent is not kept: {describe_unexpected(error)}."
            )
        said += (one for source in self._sources() for one in source.never_kept)
        self.sentences = tuple(one for one in said if one)
        if self._store is not None:
            self._store.close()
        self._is_discarded = True  # it has ended: nothing is typed any more

    def is_kept(self, kept: "KeptDraft") -> bool:
        """Return whether a draft is still there; where it is not, it is offered no more."""
        is_there = self._store is not None and self._store.holds(kept)
        if not is_there:
            self.offered = tuple(one for one in self.offered if one is not kept)
        return is_there

    def use(self, kept: "KeptDraft") -> None:
        """Let go of a draft that was put back: what it holds is typed again, and kept as such.

        Raises ConfigurationError where its file cannot be changed.
        """
        self.note()
        self.remove(kept)

    def remove(self, kept: "KeptDraft") -> None:
        """Offer a draft no more. Raises ConfigurationError where its file cannot be changed."""
        if self._store is not None:
            self._store.remove(kept)
        self.offered = tuple(one for one in self.offered if one is not kept)

    def _write(self) -> tuple[str, ...]:
        """Write what is typed, and return sentences on what is not kept."""
        if self._is_discarded or self._account is None:
            return ()
        drafts = list_drafts(self._sources())
        if not drafts and not self._written:
            return ()
        from cmdm_tui.tui.models.drafts import select_drafts

        if self._store is None:
            return tuple(f"What was typed for {one.name} is lost." for one in drafts)
        selection = select_drafts(drafts, self._account.client.redact)
        if selection.drafts != self._written:
            self._let_go += self._store.save(selection.drafts)
            self._written = selection.drafts
        return (*selection.left_out, *self._let_go)


def list_drafts(sources: Iterable[DraftSource]) -> "tuple[Draft, ...]":
    """Return the drafts of the screens, except forms whose changes are in the journal by now."""
    drafts: list[Draft] = []
    for source in sources:
        if source.takes_over:
            from cmdm_tui.tui.models.drafts import FormDraft

            drafts = [one for one in drafts if not isinstance(one, FormDraft)]
        drafts += source.drafts
    return tuple(drafts)
