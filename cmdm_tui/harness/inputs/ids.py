"""External ids that no record has, and paths that try to be ids."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext

_CALLS: frozenset[Call] = frozenset(
    {"get", "update", "delete", "convert", "close", "create-task", "create-opportunity"}
)
_NOT_FOUND = frozenset({404})

ChooseId = Callable[[str, InputContext], str | None]


def _id_class(name: str, choose: ChooseId, *, is_plain: bool = False) -> InputClass:
    """Put another id in the place of the right one; `choose` returns it as it stands in a path."""

    def alter(request: CallRequest, setting: InputContext) -> CallRequest | None:
        external_id = request.intent.external_id
        raw = choose(external_id, setting)
        place = f"/{quote(external_id, safe='')}"
        if raw is None or not external_id or place not in request.path or raw == external_id:
            return None
        before, _, after = request.path.rpartition(place)
        intent = replace(request.intent, external_id=unquote(raw) if is_plain else "", given=None)
        return replace(request, path=f"{before}/{raw}{after}", intent=intent)

    return InputClass("id", name, _CALLS, _NOT_FOUND, alter)


def _one_of(*raw: str) -> ChooseId:
    return lambda _, setting: setting.pick(raw)


def _lower_case(external_id: str, _setting: InputContext) -> str | None:
    return quote(external_id.lower(), safe="") if external_id.lower() != external_id else None


def _id_of_other_entity(_id: str, setting: InputContext) -> str | None:
    return quote(setting.pick(setting.other_ids), safe="") if setting.other_ids else None


def _surround(before: str, after: str) -> ChooseId:
    return lambda external_id, _setting: f"{before}{quote(external_id, safe='')}{after}"


def _use_fields_as_id(request: CallRequest, _: InputContext) -> CallRequest | None:
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
    _id_class("unknown", _one_of("NOSUCHID", "ZZZZZZZZ", "00000000")),
    _id_class("other-entity", _id_of_other_entity, is_plain=True),
    _id_class("lower-case", _lower_case, is_plain=True),
    _id_class(
        "traversal", _one_of("..", ".", "%2e%2e", "..%2f..%2flead", "%2e%2e%2faccount", "..;")
    ),
    _id_class("escaped-slash", _surround("", "%2F")),
    _id_class("nul", _surround("", "%00")),
    _id_class("space", _surround("", "%20")),
    _id_class("plus", _surround("+", "")),
    _id_class("no-utf-8", _one_of("%ff%fe", "%c3", "%ed%a0%80")),
    _id_class("half-escape", _one_of("%", "%zz", "%4")),
    _id_class(
        "unicode", _one_of("%EF%BC%A1%EF%BC%A2%EF%BC%A3", "%F0%9F%8E%89", "A%CC%88", "%E2%80%AE")
    ),
    _id_class("long", _one_of("A" * 8_192, "%41" * 2_000)),
    _id_class("quotes", _one_of("'", "%22", "'%20OR%20'1'='1", "%27%3B--", "*", "%25", "_" * 8)),
    InputClass("id", "fields", frozenset({"update", "delete"}), frozenset(), _use_fields_as_id),
)
