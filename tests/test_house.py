"""The house in order: a class name has one meaning, a module says which one thing it does."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cmdm_tui"

VAGUE_MODULES = {
    "asking", "base", "basics", "common", "core", "doing", "ending", "extras", "general",
    "handler", "helper", "helpers", "impl", "kept", "lib", "manager", "misc", "moments", "other",
    "others", "otherwise", "processor", "shared", "stuff", "telling", "things", "tools", "util",
    "utilities", "utils",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def public_classes(source: str) -> Iterator[str]:
    """Yield the names of classes and of types at the top level, without those of underscores."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def shared_names(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return the names of public classes that more than one module defines, with these modules."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module, source in sources.items():
        for name in public_classes(source):
            found[name].append(module)
    return {name: where for name, where in found.items() if len(where) > 1}


def test_every_public_class_name_has_one_meaning() -> None:
    sources = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in modules()}
    assert shared_names(sources) == {}


def test_the_check_of_class_names_can_fail() -> None:
    source = "class Page: ...\nclass _Row: ..."
    sources = {"a.py": source, "b.py": source}
    assert shared_names(sources) == {"Page": ["a.py", "b.py"]}


def test_no_module_has_a_vague_name() -> None:
    rooms = {*modules(), *(path.parent for path in modules())}
    assert [str(room) for room in sorted(rooms) if room.stem in VAGUE_MODULES] == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, "a module begins with a sentence that says which one thing it does"
