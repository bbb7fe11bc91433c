"""Keeps how a profile's records are looked at: the columns of each entity, panes and place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cmdm_tui.config import ConfigurationError
from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.pane_sizes import PaneSizes
from cmdm_tui.tui.models.settings import KeptView, SettingsFile


class ViewKeeper:
    """What is kept of one profile between runs, in the explorer's settings.

    It is written by `save`, once for many changes. `tell` is called with a sentence where the
    settings cannot be written.
    """

    def __init__(self, file: SettingsFile, profile: str, tell: Callable[[str], None]) -> None:
        self._file = file
        self._profile = profile
        self._tell = tell
        self._view = file.settings.profiles.get(profile, KeptView())

    @property
    def session(self) -> Mapping[str, Any]:
        """Where the profile was left, as the workspace gave it."""
        return self._view.session

    def read_layout(self, entity: str) -> ColumnLayout:
        """Return how the columns of an entity were laid out."""
        return ColumnLayout.from_json(self._view.columns.get(entity))

    def keep_layout(self, entity: str, layout: ColumnLayout) -> None:
        """Keep how the columns of an entity are laid out."""
        columns = {**self._view.columns, entity: layout.to_json()}
        self._view = replace(self._view, columns=columns)

    def keep_session(self, session: dict[str, Any]) -> None:
        """Keep where the profile is."""
        self._view = replace(self._view, session=session)

    def read_panes(self) -> PaneSizes:
        """Return how wide the panes were, and which were folded away."""
        return PaneSizes.from_json(self._view.panes)

    def keep_panes(self, sizes: PaneSizes) -> None:
        """Keep how wide the panes are, and which are folded away."""
        self._view = replace(self._view, panes=sizes.to_json())

    def save(self) -> None:
        """Write what is kept, if it has changed."""
        settings = self._file.settings
        if settings.profiles.get(self._profile, KeptView()) == self._view:
            return
        try:
            self._file.save(settings.with_profile(self._profile, self._view))
        except ConfigurationError as error:
            self._tell(f"The columns, the panes and the place are not kept: {error}")
