"""Charts as SVG that stands in the page itself: bars over time, bars by size, rows by name."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from cmdm_tui.harness.report.html_elements import make_element

_WIDTH, _HEIGHT = 640, 150
_LEFT, _BOTTOM, _TOP = 48, 22, 8
_ROW, _NAME = 20, 210


def draw_columns(
    values: Sequence[float], labels: Sequence[str], *, title: str, unit: str
) -> Element:
    """Return a chart of a column a value; as many `labels` stand below as there is room for."""
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
    """Return a chart of a bar a row, each with its name and number."""
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
            _make_text(f"{value:,.4g} {unit}".rstrip(), round(_NAME + length + 6, 2), y + 14, "start"),
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
    """Return which of so many columns have room for a label."""
    return range(0, count, math.ceil(count / most) or 1)
