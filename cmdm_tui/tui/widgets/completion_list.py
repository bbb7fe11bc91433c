"""What completion offers, in a list below the cursor of an editor, which keeps the focus."""

from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.widget import Widget
from textual.widgets.option_list import Option

from cmdm_tui.formats.cell_text import fit
from cmdm_tui.query.completion.offers import Offer, Suggestions
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

_MOST_OFFERS = 200
_NAME_WIDTH, _ABOUT_WIDTH = 28, 24
_WIDTH, _MOST_LINES = 58, 8
_FEWEST_LINES = 3
"""Lines of the list that are enough, where there is no room for more."""
KEYS_WHILE_OPEN = frozenset({"up", "down", "pageup", "pagedown", "tab", "enter", "escape"})
"""The keys that an editor passes on while the list is open."""


class CompletionList(SafeOptionList, can_focus=False):
    """Shows offers; `press` does what a key does with them. Enter takes one that was gone to."""

    DEFAULT_CSS = """
    CompletionList {
        display: none;
        overlay: screen;
        constrain: inside inflect;
        width: 58;
        height: auto;
        max-height: 8;
        padding: 0;
        border: none;
        background: $panel;
        scrollbar-size-vertical: 1;
        &.-open { display: block; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(markup=False, compact=True, id=id)
        self._suggestions = Suggestions("")
        self._was_moved = False

    @property
    def is_open(self) -> bool:
        """Whether offers are shown."""
        return self.has_class("-open")

    @property
    def word(self) -> str:
        """What was typed of the word that an offer replaces."""
        return self._suggestions.word

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are offered, while the list is open."""
        return tuple(offer.name for offer in self._suggestions.offers) if self.is_open else ()

    def show_offers(self, suggestions: Suggestions, at: Offset, beside: Widget) -> None:
        """Show offers near the cursor, `at` a place of the screen; without any the list is closed.

        What `beside` says is never covered in part.
        """
        if not suggestions.offers:
            self.close_list()
            return
        self._was_moved = False
        if suggestions != self._suggestions or not self.is_open:
            self._suggestions = suggestions
            self.clear_options()
            self.add_options([_option(one) for one in suggestions.offers[:_MOST_OFFERS]])
            self.highlighted = 0
        self.add_class("-open")
        self.place_near(at, beside)

    def place_near(self, at: Offset, beside: Widget) -> None:
        """Go near the cursor again, as one of them has moved."""
        if self.is_open:
            size = Size(_WIDTH, min(len(self._suggestions.offers), _MOST_LINES))
            region = place_list(at, size, beside.region, self.screen.size)
            self.styles.width, self.styles.max_height = region.width, region.height
            self.absolute_offset = region.offset
            self.refresh(layout=True)

    def close_list(self) -> None:
        """Show nothing."""
        self._suggestions = Suggestions("")
        self.remove_class("-open")

    def press(self, key: str) -> Offer | None:
        """Do what a key does; return the offer that it takes, None where it takes none."""
        if key == "escape":
            self.close_list()
        elif key == "tab" or (key == "enter" and self._was_moved):
            return self._take()
        elif key == "enter":
            self.close_list()
        else:
            self._was_moved = True
            self._move(key)
        return None

    def takes_enter(self) -> bool:
        """Return whether Enter takes an offer, not a new line: once one was gone to."""
        return self.is_open and self._was_moved

    def _take(self) -> Offer | None:
        place = self.highlighted
        offers = self._suggestions.offers
        return offers[place] if place is not None and place < len(offers) else None

    def _move(self, key: str) -> None:
        match key:
            case "up":
                self.action_cursor_up()
            case "down":
                self.action_cursor_down()
            case "pageup":
                self.action_page_up()
            case _:
                self.action_page_down()


def _option(offer: Offer) -> Option:
    name = fit(safe_line(offer.name, 200).plain, _NAME_WIDTH)
    about = Content.styled(fit(safe_line(offer.about, 200).plain, _ABOUT_WIDTH), "dim")
    return Option(Content(f" {name} ") + about)


def place_list(at: Offset, size: Size, words: Region, screen: Size) -> Region:
    """Return where a list near the cursor `at` is, so that it covers no part of a line of `words`.

    It is below the cursor; to the left or shorter where that leaves the words free; else it begins
    below them, or covers their lines in their whole width.
    """
    width, top = min(size.width, screen.width), at.y + 1
    height = max(min(size.height, screen.height - top), 1)
    wanted = Region(min(at.x, screen.width - width), top, width, height)
    if not wanted.overlaps(words):
        return wanted
    if words.x >= width and words.y <= at.y:
        return Region(words.x - width, top, width, height)
    if words.y - top >= min(_FEWEST_LINES, height):
        return Region(wanted.x, top, width, words.y - top)
    below = screen.height - words.bottom
    if words.y == top and below >= min(_FEWEST_LINES, size.height):
        return Region(wanted.x, words.bottom, width, min(size.height, below))
    return Region(words.x, top, words.width, height)
