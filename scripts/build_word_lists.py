"""Draw the names that the sandbox's first records are made of, and write them into the package.

    .venv/bin/python scripts/build_word_lists.py

The names come from Mimesis with a fixed seed. So Mimesis is needed to choose them, not to run the
sandbox. Other names make other records: every cassette has to be recorded again then.
"""

from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

from cmdm_tui.sandbox.seed.random_values import SEED

_ABOUT = "Last names and streets of Britain; scripts/build_word_lists.py drew them from Mimesis."
_ORIGIN = "They are of Mimesis (https://github.com/lk-geimfari/mimesis), under this licence:"
_WIDTH = 88
FILE = Path(__file__).parent.parent / "cmdm_tui" / "sandbox" / "seed" / "british_names.py"


def draw_names() -> tuple[list[str], list[str]]:
    """Return last names and streets, each sorted and without repetitions."""
    from mimesis import Address, Locale, Person

    person, address = Person(Locale.EN_GB, seed=SEED), Address(Locale.EN_GB, seed=SEED)
    last_names = sorted({person.last_name() for _ in range(400)})
    streets = sorted({f"{address.street_name()} {address.street_suffix()}" for _ in range(300)})
    return last_names, streets


def render_module(last_names: Sequence[str], streets: Sequence[str], licence: str) -> str:
    """Return the text of the module that holds the names."""
    comment = "\n".join(f"# {line}".rstrip() for line in licence.strip().splitlines())
    return (
        f'"""{_ABOUT}"""\n\n# {_ORIGIN}\n#\n{comment}\n\n'
        f"{_render_list('LAST_NAMES', last_names)}\n{_render_list('STREETS', streets)}"
    )


def _render_list(name: str, words: Sequence[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f"{word};"
    lines[-1] = lines[-1].removesuffix(";")
    text = "\n".join(f'    "{line}"' for line in lines)
    return f'_{name} = (\n{text}\n)\n{name} = tuple(_{name}.split(";"))\n'


if __name__ == "__main__":
    names, roads = draw_names()
    licence = distribution("mimesis").read_text("licenses/LICENSE")
    assert licence is not None
    FILE.write_text(render_module(names, roads, licence), "utf-8")
    print(f"{len(names)} last names and {len(roads)} streets are in {FILE}.")
