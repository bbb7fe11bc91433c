"""Elements of HTML and SVG, made so that no text in them can be taken for markup."""

from xml.etree.ElementTree import Element, SubElement, tostring

from cmdm_tui.harness.report.plain import plain

Child = Element | str

_VOID = frozenset({"meta", "br", "hr"})


def element(name: str, /, *children: Child, **attributes: str | float) -> Element:
    """Return an element; `class_` stands for `class`, and `_` in other names for `-`.

    All text in it and in its attributes is made visible (`text.py`); line feeds stay.
    """
    made = Element(name)
    for key, value in attributes.items():
        made.set(_attribute(key), plain(_written(value)))
    for child in children:
        append(made, child)
    return made


def append(to: Element, child: Child) -> None:
    """Put an element or a text behind what is in `to` already."""
    if isinstance(child, Element):
        to.append(child)
        return
    text = plain(child, keep_lines=True)
    if len(to):
        to[-1].tail = (to[-1].tail or "") + text
    else:
        to.text = (to.text or "") + text


def serialized(root: Element) -> bytes:
    """Return a document in HTML's syntax."""
    for one in root.iter():
        # An empty element would otherwise be written without its end, which HTML takes for no end.
        if one.text is None and not len(one) and one.tag not in _VOID:
            one.text = ""
    return b"<!doctype html>\n" + tostring(root, "utf-8", method="html") + b"\n"


def table(head: list[Child], rows: list[list[Child]], **attributes: str) -> Element:
    """Return a table whose first column names the rows."""
    made = element("table", **attributes)
    top = SubElement(SubElement(made, "thead"), "tr")
    top.extend(_cell("th", child, scope="col") for child in head)
    body = SubElement(made, "tbody")
    for first, *others in rows:
        line = SubElement(body, "tr")
        line.append(_cell("th", first, scope="row"))
        line.extend(_cell("td", other) for other in others)
    return made


def _cell(name: str, child: Child, /, **attributes: str) -> Element:
    if isinstance(child, Element) and child.tag == name:
        return child
    return element(name, child, **attributes)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
