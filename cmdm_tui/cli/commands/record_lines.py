"""`cmdm list --jsonl`: writes each record as a line of JSON, as soon as its page has come.

A page is forgotten once it is written, so that any number of records takes as little memory.
"""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import ExitCode, exit_code_of
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.api import Event, Page, Record, SortOrder
    from cmdm_tui.catalog import Account


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What was asked for: one page, or with neither `per_page` nor `page` all records."""

    entity: str
    fields: Sequence[str] | None
    per_page: int | None
    page: int | None
    sort_by: str | None
    sort_order: "SortOrder | None"


class RecordLines:
    """Writes the records of one request, and counts them."""

    def __init__(self, request: ListRequest, sink: BinaryIO, *, is_terminal: bool) -> None:
        self._request = request
        self._sink = sink
        self._is_terminal = is_terminal
        self._came = 0
        self._lost = 0
        self._total: int | None = None
        self._has_changed = False

    def observe(self, event: "Event") -> None:
        """Take in what the walk over the pages finds of their totals."""
        from cmdm_tui.api import RecordsMissing, TotalChanged

        if isinstance(event, RecordsMissing):
            self._total = event.counted
        elif isinstance(event, TotalChanged):
            self._total, self._has_changed = event.after, True

    async def run(self, account: "Account", *, per_page: int | None, page: int | None) -> int:
        """Write the records of a page, or of all where both are None; return the exit code.

        How many there are is said. Where some have come and a later page does not, it is said too,
        and the list is partial.
        Raises ApiError where none has come.
        """
        self._request = replace(self._request, per_page=per_page, page=page)
        try:
            async with aclosing(self._pages(account)) as pages:
                async for one in pages:
                    self._write(one)
        except BrokenPipeError:
            raise
        except Exception as error:
            if not self._came or exit_code_of(error) is None:
                raise
            note(str(error))
            return self._end(is_cut=True)
        except BaseException:
            # Ctrl-C, or the end of the command's time: it has its own exit code.
            self._end(is_cut=True)
            raise
        if self._request.per_page is None and self._total is not None:
            account.catalog.store_total(self._request.entity, self._total)
            account.catalog.save()
        return self._end(is_cut=False)

    async def _pages(self, account: "Account") -> "AsyncGenerator[Page]":
        request, client = self._request, account.client
        if request.per_page is not None:
            yield await client.page(
                request.entity,
                fields=request.fields,
                per_page=request.per_page,
                page=request.page,
                sort_by=request.sort_by,
                sort_order=request.sort_order,
            )
            return
        walk = client.pages(
            request.entity,
            fields=request.fields,
            sort_by=request.sort_by,
            sort_order=request.sort_order,
        )
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    def _write(self, page: "Page") -> None:
        self._sink.write(b"".join(self._format(one) for one in page.records))
        self._sink.flush()
        self._came += len(page.records)
        self._lost += page.lost_count
        if page.total_records is not None:
            self._total = page.total_records

    def _format(self, record: "Record") -> bytes:
        from cmdm_tui.formats.cells import json_bytes
        from cmdm_tui.formats.json_text import escape_json

        line = json_bytes({"ExternalID": record.external_id, "Properties": record.properties})
        if self._is_terminal:
            line = escape_json(line.decode("utf-8", "replace")).encode()
        return line + b"\n"

    def _end(self, *, is_cut: bool) -> int:
        """Mark a list that is partial, say how many records came, and return the exit code."""
        missing = max(self._count_missing(), self._lost)
        entity = one_line(self._request.entity, 60)
        came = f"{count_noun(self._came, 'record')} of {entity}"
        if not (missing or is_cut or self._has_changed):
            note(f"{came}.")
            return ExitCode.DONE
        self._sink.write(b'{"cmdm:result": "partial"}\n')
        self._sink.flush()
        have = "has" if self._came == 1 else "have"
        if not missing:
            end = "" if is_cut else ", and as their count changed meanwhile one may be missing"
        elif self._request.per_page is None:
            counted = max(self._total or 0, self._came + missing)
            came, end = f"{self._came:,} of the {counted:,} records of {entity}", ""
        else:
            end = f", {missing:,} fewer than were asked for"
        note(f"The result is partial: {came} {have} come{end}.")
        return ExitCode.PARTIAL

    def _count_missing(self) -> int:
        from cmdm_tui.api.paging import count_missing

        request = self._request
        return count_missing(
            self._came + self._lost, self._total, per_page=request.per_page, number=request.page
        )


def open_lines(request: ListRequest) -> RecordLines:
    """Return what writes the records to stdout."""
    sys.stdout.flush()
    return RecordLines(request, sys.stdout.buffer, is_terminal=sys.stdout.isatty())
