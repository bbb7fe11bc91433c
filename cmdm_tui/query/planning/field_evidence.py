"""Decides from pages in a field's order whether they show the type of that field."""

from collections.abc import Sequence
from typing import Any

from cmdm_tui.api import Page
from cmdm_tui.catalog import infer_type
from cmdm_tui.query.database.casts import parse_value
from cmdm_tui.query.database.loader import value_text
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import FEW_PAGES


def first_page_shows_type(page: Page, name: str, *, descending: bool) -> bool:
    """Return whether the first page in a field's order shows its type, for an answer of that page.

    Text is text, whatever follows. What looks like numbers or dates may be text that starts so: the
    page must be in the order of values, and there must be more pages than are all checked.
    """
    kinds = _inferred_kinds(page, name)
    if not kinds:
        return False
    kind = kinds.pop() if len(kinds) == 1 else ColumnKind.TEXT
    if kind is ColumnKind.TEXT:
        return True
    return _has_many_pages(page) and _are_sorted((page,), name, kind, descending=descending)


def first_page_may_show_type(page: Page, name: str) -> bool:
    """Return whether the first page in a field's order may show its type, with many pages to come.

    One text in many records may be an option of a picklist, which may be sorted otherwise.
    """
    if not _has_many_pages(page):
        return False
    texts = {value_text(record.properties.get(name)) or None for record in page.records} - {None}
    kinds = _inferred_kinds(page, name)
    return len(kinds) == 1 and (
        len(texts) > 1 or kinds.isdisjoint({ColumnKind.TEXT, ColumnKind.BOOLEAN})
    )


def pages_show_type(pages: Sequence[Page], name: str, *, descending: bool) -> bool:
    """Return whether pages in a field's order confirm the type that the first of them shows."""
    kinds = set[ColumnKind]().union(*(_inferred_kinds(page, name) for page in pages))
    if len(kinds) != 1:
        return False
    (kind,) = kinds
    return kind is ColumnKind.TEXT or _are_sorted(pages, name, kind, descending=descending)


def _has_many_pages(page: Page) -> bool:
    return (page.total_records or 0) > FEW_PAGES * len(page.records)


def _are_sorted(pages: Sequence[Page], name: str, kind: ColumnKind, *, descending: bool) -> bool:
    """Return whether all values of the pages are of a kind and in the order of its values."""
    records = (record for page in pages for record in page.records)
    texts = [text for record in records if (text := value_text(record.properties.get(name)))]
    values: list[Any] = [parse_value(kind, text) for text in texts]
    return None not in values and values == sorted(values, reverse=descending)


def _inferred_kinds(page: Page, name: str) -> set[ColumnKind]:
    values = (record.properties.get(name) for record in page.records)
    return {ColumnKind.of_type(infer_type(one)) for one in values if one is not None and one != ""}
