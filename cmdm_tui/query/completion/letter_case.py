"""Words of SQL in capitals or small letters: as they are typed."""

from collections.abc import Iterable

from msgspec.structs import replace

from cmdm_tui.query.completion.offers import Offer


def follow_case(offers: Iterable[Offer], word: str, statement: str) -> tuple[Offer, ...]:
    """Return the offers for the end `word` of a statement, the words of SQL among them cased alike.

    The last letter of what is typed decides. Before a word is begun, the first word of the
    statement does: where that is in small letters, all are. Names and values stay as they are. An
    offer that would then change nothing is left out.
    """
    letter = _last_letter(word)
    change = None
    if letter:
        change = str.lower if letter.islower() else str.upper
    elif _last_letter(statement.split(maxsplit=1)[0] if statement.strip() else "").islower():
        change = str.lower
    cased = (
        replace(offer, text=change(offer.text), name=change(offer.name))
        if change is not None and offer.is_word
        else offer
        for offer in offers
    )
    return tuple(offer for offer in cased if offer.text != word)


def _last_letter(text: str) -> str:
    return next((character for character in reversed(text) if character.isalpha()), "")
