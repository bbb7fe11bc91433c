"""The texts that a case itself says: they are written next to its cassette, so they are kept."""

from collections.abc import Callable, Iterator
from urllib.parse import unquote, unquote_plus

from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.service import CASE_MARK
from cmdm_tui.redaction.people.json_strings import iterate_texts


def keep_case_texts(case: Case, mark: str) -> Callable[[str], bool]:
    """Return whether a text is one that the case says, with the mark of a run or of a replay."""
    said = {
        text.replace("${mark}", one).replace("$${", "${")
        for step in case.steps
        for text in _iterate_texts(step)
        for one in (mark, CASE_MARK)
    }
    return said.__contains__


def _iterate_texts(step: CaseStep) -> Iterator[str]:
    path, _, query = step.path.partition("?")
    yield from (unquote(segment) for segment in path.split("/"))
    yield from (unquote_plus(part.partition("=")[2]) for part in query.split("&"))
    yield from (value for _, value in step.headers)
    yield from (value for value in step.expect.values.values() if isinstance(value, str))
    yield from step.expect.holds
    if step.body is not None:
        try:
            yield from (text.value for text in iterate_texts(step.body))
        except (ValueError, RecursionError):
            yield step.body
