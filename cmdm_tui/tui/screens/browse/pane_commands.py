"""The commands that fold panes away and change their widths; they make no call."""

from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.pane_sizes import SidePane
from cmdm_tui.tui.screens.browse.panes import BrowsePanes


def toggle_entities(screen: BrowsePanes) -> None:
    """Fold the list of entities away, or unfold it."""
    screen.toggle_entities()


def toggle_record(screen: BrowsePanes) -> None:
    """Fold the pane of one record away, or unfold it."""
    screen.toggle_record()


def find_side_pane(screen: BrowsePanes) -> tuple[SidePane, int] | None:
    """Return the pane whose width changes, and 1 where it is the one with the focus, else -1.

    With the focus in the records, the pane next to them gives or takes; None where there is none.
    """
    panes = screen.pane_layout
    if screen.panel.has_focus_within:
        neighbours: list[SidePane] = [
            pane for pane in ("record", "entities") if panes.can_resize(pane)
        ]
        return (neighbours[0], -1) if neighbours else None
    pane: SidePane = "record" if screen.record_pane.has_focus_within else "entities"
    return (pane, 1) if panes.can_resize(pane) else None


def can_resize(screen: BrowsePanes) -> bool:
    """Return whether there are two panes side by side."""
    return find_side_pane(screen) is not None


def widen_pane(screen: BrowsePanes, steps: int = 1) -> None:
    """Make the pane with the focus wider."""
    found = find_side_pane(screen)
    if found is not None:
        pane, direction = found
        screen.pane_layout.widen(pane, steps * direction)


def narrow_pane(screen: BrowsePanes) -> None:
    """Make the pane with the focus narrower."""
    widen_pane(screen, -1)


PANE_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "fold_entities", "left_square_bracket", "Fold entities",
        "Fold the list of entities away, or unfold it",
        toggle_entities, is_in_footer=False, group="Panes",
    ),
    Command(
        "fold_record", "right_square_bracket", "Fold record",
        "Fold the record next to the records away, or unfold it",
        toggle_record, is_in_footer=False, group="Panes",
    ),
    Command(
        "narrower_pane", "left_curly_bracket", "Narrower pane",
        "Make the pane with the focus narrower",
        narrow_pane, can_resize, False, "Panes", repeats=True, needs="two panes side by side",
    ),
    Command(
        "wider_pane", "right_curly_bracket", "Wider pane", "Make the pane with the focus wider",
        widen_pane, can_resize, False, "Panes", repeats=True, needs="two panes side by side",
    ),
    Command(
        "reset_panes", "vertical_line", "Panes as at first",
        "Give every pane the width that it has at first",
        lambda screen: screen.pane_layout.reset_widths(), is_in_footer=False, group="Panes",
    ),
)  # fmt: skip
"""In the order of the help."""
