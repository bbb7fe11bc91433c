"""External ids that no record has, and path segments that try to be more than an id."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cases.format import Filling
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.input_class import Example, InputClass, InputContext

_CALLS: frozenset[Call] = frozenset(
    {"get", "update", "delete", "convert", "close", "create-task", "create-opportunity"}
)
_NOT_FOUND = frozenset({404})

ChooseId = Callable[[str, InputContext], str | None]


def _id_class(
    name: str,
    choose: ChooseId,
    *,
    example: Example | None = None,
    family: str = "",
    is_plain: bool = False,
) -> InputClass:
    """Return a class that replaces the id; `choose` returns the new one as it is in a path."""

    def make_odd(request: CallRequest, context: InputContext) -> CallRequest | None:
        external_id = request.intent.external_id
        raw = choose(external_id, context)
        place = f"/{quote(external_id, safe='')}"
        if raw is None or not external_id or place not in request.path or raw == external_id:
            return None
        before, _, after = request.path.rpartition(place)
        intent = replace(request.intent, external_id=unquote(raw) if is_plain else "", given=None)
        return replace(request, path=f"{before}/{raw}{after}", intent=intent)

    return InputClass(
        group="id",
        name=name,
        calls=_CALLS,
        statuses=_NOT_FOUND,
        make_odd=make_odd,
        family=family,
        example=example,
    )


def _fixed(name: str, *raw: str, family: str = "") -> InputClass:
    """Return the class of some ids, the first of which is the corpus's example."""
    return _id_class(
        name, lambda _, context: context.alternate(raw), example=Example(raw[0]), family=family
    )


def _extended(
    name: str, before: str, after: str, example: str = "", family: str = ""
) -> InputClass:
    """Return the class of a real id with something before and after it."""
    return _id_class(
        name,
        lambda external_id, _: f"{before}{quote(external_id, safe='')}{after}",
        example=Example(example) if example else None,
        family=family,
    )


def _lower_case(external_id: str, _: InputContext) -> str | None:
    return quote(external_id.lower(), safe="") if external_id.lower() != external_id else None


def _id_of_other_entity(_: str, context: InputContext) -> str | None:
    return quote(context.pick(context.other_ids), safe="") if context.other_ids else None


def _long_id(_: str, context: InputContext) -> str:
    return context.alternate(("A" * 8_192, "%41" * 2_000))


def _use_fields_as_id(request: CallRequest, _: InputContext) -> CallRequest | None:
    """Use the name of the field call as an id: that call has no method but GET."""
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
    _fixed("unknown", "NOSUCHID", "ZZZZZZZZ", "00000000"),
    _id_class("of-another-entity", _id_of_other_entity, is_plain=True),
    _id_class("other-case", _lower_case, is_plain=True, family="changed"),
    _extended("longer", "", "-X", family="changed"),
    _fixed("traversal", "..", ".", "..;"),
    _fixed("traversal-encoded", "%2e%2e", family="traversal"),
    _fixed("traversal-slash", "..%2f..%2faccount", "..%2f..%2flead", "%2e%2e%2faccount",
           family="traversal"),
    _extended("slash", "", "%2F", "A%2FB"),
    _fixed("backslash", "A%5CB", family="slash"),
    _extended("nul", "", "%00", "%00"),
    _fixed("nul-inside", "NOSU%00ID", family="nul"),
    _extended("space", "", "%20", "%20"),
    _extended("plus", "+", ""),
    _fixed("percent-cut", "%E0%A4", "%c3"),
    _fixed("invalid-utf8", "%ff%fe", "%ed%a0%80", family="percent-cut"),
    _fixed("percent-alone", "%25"),
    _fixed("half-escape", "%", "%zz", "%4"),
    _fixed("unicode", "%C3%9Cnknown", "%F0%9F%8E%89", "A%CC%88", "%E2%80%AE"),
    _fixed("full-width", "%EF%BC%AEOSUCHID", "%EF%BC%A1%EF%BC%A2%EF%BC%A3", family="unicode"),
    _id_class("8-kilobytes", _long_id,
              example=Example("${filling}", Filling(text="A", times=8_192))),
    _fixed("quotes", "%27%22%3B--", "'", "%22", "'%20OR%20'1'='1", "%27%3B--"),
    _fixed("star", "*", "_" * 8, family="quotes"),
    _fixed("newline", "%0D%0AX-Injected:%20yes", family="quotes"),
    InputClass(group="id", name="fields", calls=frozenset({"update", "delete"}),
               statuses=frozenset(), make_odd=_use_fields_as_id),
)  # fmt: skip
