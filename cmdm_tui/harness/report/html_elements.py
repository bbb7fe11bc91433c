"""Elements and charts of HTML and SVG, made so that no text can become markup."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from cmdm_tui.harness.report.plain_text import to_plain_text

Child = Element | str

_VOID = frozenset({"meta", "br", "hr"})


def make_element(name: str, /, *children: Child, **attributes: str | float) -> Element:
    """Return an element; `class_` means `class`, and `_` in other names means `-`.

    All text in it and in its attributes is made visible (`text.py`); line feeds are kept.
    """
    made = Element(name)
    for key, value in attributes.items():
        made.set(_attribute_name(key), to_plain_text(_attribute_value(value)))
    for child in children:
        append_child(made, child)
    return made


def append_child(to: Element, child: Child) -> None:
    """Append an element or a text to `to`."""
    if isinstance(child, Element):
        to.append(child)
        return
    text = to_plain_text(child, keep_lines=True)
    if len(to):
        to[-1].tail = (to[-1].tail or "") + text
    else:
        to.text = (to.text or "") + text


def serialize(root: Element) -> bytes:
    """Return a document in HTML's syntax."""
    for one in root.iter():
        # An empty element would otherwise be written without its end tag, which HTML requires.
        if one.text is None and not len(one) and one.tag not in _VOID:
            one.text = ""
    return b"<!doctype html>\n" + tostring(root, "utf-8", method="html") + b"\n"


def make_table(head: list[Child], rows: list[list[Child]], **attributes: str) -> Element:
    """Return a table whose first column names the rows."""
    made = make_element("table", **attributes)
    top = SubElement(SubElement(made, "thead"), "tr")
    top.extend(_make_cell("th", child, scope="col") for child in head)
    body = SubElement(made, "tbody")
    for first, *others in rows:
        line = SubElement(body, "tr")
        line.append(_make_cell("th", first, scope="row"))
        line.extend(_make_cell("td", other) for other in others)
    return made


def _make_cell(name: str, child: Child, /, **attributes: str) -> Element:
    if isinstance(child, Element) and child.tag == name:
        return child
    return make_element(name, child, **attributes)


def _attribute_name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _attribute_value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


_WIDTH, _HEIGHT = 640, 150
_LEFT, _BOTTOM, _TOP = 48, 22, 8
_ROW, _NAME = 20, 210


def draw_columns(
    values: Sequence[float], labels: Sequence[str], *, title: str, unit: str
) -> Element:
    """Return a chart with one column a value, and as many `labels` below as there is room for."""
    highest = max(values, default=0) or 1
    room, step = _HEIGHT - _BOTTOM - _TOP, (_WIDTH - _LEFT) / max(len(values), 1)
    drawn = [_make_caption(title, f"Highest: {highest:,.4g} {unit}.")]
    for share in (0, 0.5, 1):
        y = _TOP + room * (1 - share)
        drawn.append(make_element("line", x1=_LEFT, x2=_WIDTH, y1=y, y2=y, class_="grid"))
        drawn.append(_make_text(f"{highest * share:,.4g}", _LEFT - 6, y + 4, "end"))
    for number, value in enumerate(values):
        height = room * value / highest
        bar = make_element(
            "rect",
            make_element("title", f"{labels[number]}: {value:,.4g} {unit}"),
            x=round(_LEFT + number * step, 2), y=round(_TOP + room - height, 2),
            width=round(max(step - 1, 0.75), 2), height=round(height, 2), class_="bar",
        )  # fmt: skip
        drawn.append(bar)
    for number in _labelled_positions(len(values)):
        x = min(max(_LEFT + (number + 0.5) * step, _LEFT + 12), _WIDTH - 22)
        drawn.append(_make_text(labels[number], round(x, 2), _HEIGHT - 6, "middle"))
    return _make_picture(drawn, _HEIGHT)


def draw_rows(named: Sequence[tuple[str, float]], *, title: str, unit: str) -> Element:
    """Return a chart with one bar a row, each with its name and number."""
    highest = max((value for _, value in named), default=0) or 1
    drawn = [_make_caption(title, f"{len(named)} rows.")]
    for number, (name, value) in enumerate(named):
        y = number * _ROW
        length = (_WIDTH - _NAME - 70) * value / highest
        drawn += [
            _make_text(name, _NAME - 8, y + 14, "end"),
            make_element(
                "rect", x=_NAME, y=y + 4, width=round(max(length, 1), 2), height=_ROW - 8,
                class_="bar",
            ),
            _make_text(
                f"{value:,.4g} {unit}".rstrip(), round(_NAME + length + 6, 2), y + 14, "start"
            ),
        ]  # fmt: skip
    return _make_picture(drawn, max(len(named), 1) * _ROW)


def _make_picture(drawn: Sequence[Element], height: int) -> Element:
    return make_element(
        "svg", *drawn, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
    )  # fmt: skip


def _make_caption(title: str, details: str) -> Element:
    return make_element("title", f"{title}. {details}")


def _make_text(text: str, x: float, y: float, anchor: str) -> Element:
    return make_element("text", text, x=x, y=y, text_anchor=anchor)


def _labelled_positions(count: int, most: int = 7) -> range:
    """Return the positions of the columns that have room for a label."""
    return range(0, count, math.ceil(count / most) or 1)
