"""The house in order: a class name has one meaning, a module says which one thing it does."""

import ast
import re
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


def packages() -> list[Path]:
    return sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def modules_of(package: Path) -> set[str]:
    """Return the names of the modules and packages directly in `package`."""
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


def defined_in(package: Path) -> set[str]:
    """Return the names of the functions, classes and modules anywhere in `package`."""
    names = {name for path in package.rglob("__init__.py") for name in modules_of(path.parent)}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
    return names


def public_names(source: str) -> set[str]:
    """Return the names in `__all__`."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


# Words in backquotes that are neither modules nor functions: a command, a schema of PostgreSQL.
OTHER_WORDS = {"cmdm", "cmdm_sandbox"}


def docstring_faults(
    docstring: str, modules: set[str], defined: set[str], public: set[str]
) -> list[str]:
    """Return what is wrong with a package's docstring: names that are missing, or do not exist."""
    words = {
        re.split(r"[./]", word)[0]: word
        for word in re.findall(r"`([a-z_]\w*(?:/|[./]\w+)*)`", docstring)
        if not word.endswith(".md")
    }
    faults = [
        f"`{word}` does not exist"
        for first, word in words.items()
        if first not in modules
        and (word.endswith((".py", "/")) or first not in defined | public | OTHER_WORDS)
    ]
    if len(modules & words.keys()) < min(5, len(modules)):
        faults.append("too few modules are named")
    if public and not public & set(re.findall(r"`(\w+)", docstring)):
        faults.append("no public name is named")
    return faults


@pytest.mark.parametrize("package", packages(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_names_its_files_and_public_names(package: Path) -> None:
    source = (package / "__init__.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    names = modules_of(package), defined_in(package), public_names(source)
    assert docstring_faults(docstring, *names) == []


def test_the_check_of_package_docstrings_can_fail() -> None:
    good = "Reads. Files: `reader`, `rows/`. Public: `read`."
    names = {"reader", "rows"}, {"read"}, {"read"}
    assert docstring_faults(good, *names) == []
    assert docstring_faults(f"{good} And `gone.py`.", *names) == ["`gone.py` does not exist"]
    assert docstring_faults("Reads `rows`.", *names) == [
        "too few modules are named",
        "no public name is named",
    ]
