"""How moods look: the one place that turns a board's words into coloured content."""

from textual.content import Content

from cmdm_tui.harness.dashboard.board import Mood, Word

_STYLES: dict[Mood, str] = {
    "good": "$text-success",
    "bad": "bold $text-error",
    "odd": "$text-warning",
    "quiet": "$foreground 35%",
    "plain": "$foreground",
}


def coloured(text: str, mood: Mood) -> Content:
    """Return a text, taken as it is, in the colour of a mood."""
    return Content.styled(text, _STYLES[mood])


def shown(word: Word) -> Content:
    """Return a word in its colour."""
    return coloured(word.text, word.mood)
