"""Commands of a screen: one table makes its keys, its footer, the palette and the help."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

ScreenT = TypeVar("ScreenT", bound=Screen[None])

_KEY_NAMES = {"question_mark": "?", "escape": "esc", "plus": "+"}


def _always(_: Screen[None]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command(Generic[ScreenT]):
    """One thing to do on a screen: its key, a word for the footer, a sentence for help and palette.

    `run` does it; `is_available` says whether it applies now.
    """

    id: str
    key: str
    label: str
    description: str
    run: Callable[[ScreenT], None]
    is_available: Callable[[ScreenT], bool] = _always
    is_in_footer: bool = True

    @property
    def shown_key(self) -> str:
        """The key as it is written on a keyboard."""
        return _KEY_NAMES.get(self.key, self.key)


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """A command of one screen that is open."""

    id: str
    shown_key: str
    description: str
    run: Callable[[], None]
    is_available: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something more that the palette offers on a screen; `text` is safe, and no markup."""

    text: str
    run: Callable[[], None]


class CommandTable(Generic[ScreenT]):
    """All commands of a screen. `screen_name` begins the ids of their key bindings."""

    def __init__(self, screen_name: str, *commands: Command[ScreenT]) -> None:
        self._screen_name = screen_name
        self._commands = commands

    def __iter__(self) -> Iterator[Command[ScreenT]]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    @property
    def bindings(self) -> list[BindingType]:
        """The bindings of the keys; each runs the action `command` with the command's id."""
        return [
            Binding(
                command.key,
                f"command('{command.id}')",
                command.label,
                show=command.is_in_footer,
                key_display=_KEY_NAMES.get(command.key),
                id=f"{self._screen_name}.{command.id}",
                tooltip=command.description,
            )
            for command in self._commands
        ]

    def bind(self, screen: ScreenT) -> dict[str, BoundCommand]:
        """Return the commands by id, to be run on this screen."""
        return {command.id: _bind(command, screen) for command in self._commands}


def _bind(command: Command[ScreenT], screen: ScreenT) -> BoundCommand:
    return BoundCommand(
        command.id,
        command.shown_key,
        command.description,
        run=lambda: command.run(screen),
        is_available=lambda: command.is_available(screen),
    )


class CommandScreen(Screen[None]):
    """A screen that runs the commands of its table.

    A subclass sets `BINDINGS` to the table's bindings and returns the bound table.
    """

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        raise NotImplementedError

    @cached_property
    def commands(self) -> Mapping[str, BoundCommand]:
        """The screen's commands by id."""
        return self.bind_commands()

    @property
    def available_commands(self) -> frozenset[str]:
        """The ids of the commands that apply now."""
        return frozenset(name for name, command in self.commands.items() if command.is_available())

    def list_palette_entries(self) -> tuple[PaletteEntry, ...]:
        """Return what the palette offers besides the commands."""
        return ()

    def action_command(self, name: str) -> None:
        """Run a command by its id."""
        self.commands[name].run()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a command applies now."""
        if action == "command" and self.is_mounted:
            return self.commands[str(parameters[0])].is_available()
        return True
