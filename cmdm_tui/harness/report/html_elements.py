"""Elements of HTML and SVG, made so that no text in them can be taken for markup."""

from xml.etree.ElementTree import Element, SubElement, tostring

from cmdm_tui.harness.report.plain_text import to_plain_text

Child = Element | str

_VOID = frozenset({"meta", "br", "hr"})


def make_element(name: str, /, *children: Child, **attributes: str | float) -> Element:
    """Return an element; `class_` stands for `class`, and `_` in other names for `-`.

    All text in it and in its attributes is made visible (`text.py`); line feeds stay.
    """
    made = Element(name)
    for key, value in attributes.items():
        made.set(_attribute_name(key), to_plain_text(_attribute_value(value)))
    for child in children:
        append_child(made, child)
    return made


def append_child(to: Element, child: Child) -> None:
    """Put an element or a text behind what is in `to` already."""
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
        # An empty element would otherwise be written without its end, which HTML takes for no end.
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
