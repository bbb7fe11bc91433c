"""External ids that no record has, and paths that try to be ids."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.asking import Request
from cmdm_tui.harness.fuzz.classes.shape import InputClass, Setting

_CALLS: frozenset[Call] = frozenset(
    {"get", "update", "delete", "convert", "close", "create-task", "create-opportunity"}
)
_NOT_FOUND = frozenset({404})

Choose = Callable[[str, Setting], str | None]


def _id(name: str, choose: Choose, *, is_plain: bool = False) -> InputClass:
    """Put another id in the place of the right one; `choose` returns it as it stands in a path."""

    def alter(request: Request, setting: Setting) -> Request | None:
        external_id = request.intent.external_id
        raw = choose(external_id, setting)
        place = f"/{quote(external_id, safe='')}"
        if raw is None or not external_id or place not in request.path or raw == external_id:
            return None
        before, _, after = request.path.rpartition(place)
        intent = replace(request.intent, external_id=unquote(raw) if is_plain else "", given=None)
        return replace(request, path=f"{before}/{raw}{after}", intent=intent)

    return InputClass("id", name, _CALLS, _NOT_FOUND, alter)


def _among(*raw: str) -> Choose:
    return lambda _, setting: setting.pick(raw)


def _lower(external_id: str, _setting: Setting) -> str | None:
    return quote(external_id.lower(), safe="") if external_id.lower() != external_id else None


def _stranger(_id: str, setting: Setting) -> str | None:
    return quote(setting.pick(setting.strangers), safe="") if setting.strangers else None


def _with(before: str, after: str) -> Choose:
    return lambda external_id, _setting: f"{before}{quote(external_id, safe='')}{after}"


def _fields(request: Request, _: Setting) -> Request | None:
    """Use the name of the field call as an id: other methods than GET it does not have."""
    if request.method == "GET" or request.intent.call not in {"update", "delete"}:
        return None
    before = request.path.rpartition("/")[0]
    has_list = request.intent.entity != "task"
    intent = replace(
        request.intent,
        external_id="",
        given=None,
        expected=frozenset({404, 405}) if has_list else _NOT_FOUND,
    )
    return replace(request, path=f"{before}/fields", intent=intent)


CLASSES = (
    _id("unknown", _among("NOSUCHID", "ZZZZZZZZ", "00000000")),
    _id("other-entity", _stranger, is_plain=True),
    _id("lower-case", _lower, is_plain=True),
    _id("traversal", _among("..", ".", "%2e%2e", "..%2f..%2flead", "%2e%2e%2faccount", "..;")),
    _id("escaped-slash", _with("", "%2F")),
    _id("nul", _with("", "%00")),
    _id("space", _with("", "%20")),
    _id("plus", _with("+", "")),
    _id("no-utf-8", _among("%ff%fe", "%c3", "%ed%a0%80")),
    _id("half-escape", _among("%", "%zz", "%4")),
    _id("unicode", _among("%EF%BC%A1%EF%BC%A2%EF%BC%A3", "%F0%9F%8E%89", "A%CC%88", "%E2%80%AE")),
    _id("long", _among("A" * 8_192, "%41" * 2_000)),
    _id("quotes", _among("'", "%22", "'%20OR%20'1'='1", "%27%3B--", "*", "%25", "_" * 8)),
    InputClass("id", "fields", frozenset({"update", "delete"}), frozenset(), _fields),
)
