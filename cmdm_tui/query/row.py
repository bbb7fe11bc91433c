"""One row of a result: read it by position, by name, or by attribute."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast


class Row(Sequence[Any]):
    """Values in the order of their columns; names match in any case."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, key: Any) -> Any:
        """Return a value by position or name. Raises IndexError or KeyError."""
        return self._values[self._find_column(key) if isinstance(key, str) else key]

    def __getattr__(self, name: str) -> Any:
        """Return a value by its column's name. Raises AttributeError."""
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row | tuple | list):
            return tuple(self) == tuple(cast("Sequence[Any]", other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Row({self.as_dict()!r})"

    def as_dict(self) -> Mapping[str, Any]:
        """Return the values by column name; of equal names the last wins."""
        return dict(zip(self._names, self._values, strict=True))

    def _find_column(self, name: str) -> int:
        if name in self._names:
            return self._names.index(name)
        folded = [one.casefold() for one in self._names]
        if name.casefold() not in folded:
            raise KeyError(f"The row has no column {name!r}; it has {', '.join(self._names)}")
        return folded.index(name.casefold())
