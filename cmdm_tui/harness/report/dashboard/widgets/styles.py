"""How moods look: the one place that turns a board's words into coloured content."""

from textual.content import Content

from cmdm_tui.harness.report.dashboard.state import Tone, TonedText

_STYLES: dict[Tone, str] = {
    "good": "$text-success",
    "bad": "bold $text-error",
    "odd": "$text-warning",
    "quiet": "$foreground 35%",
    "plain": "$foreground",
}


def style_text(text: str, mood: Tone) -> Content:
    """Return a text, taken as it is, in the colour of a mood."""
    return Content.styled(text, _STYLES[mood])


def style_toned(word: TonedText) -> Content:
    """Return a word in its colour."""
    return style_text(word.text, word.tone)
