"""Commands of a screen: one table makes its keys, its footer, the palette and the help."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from cmdm_tui.tui.front_compositor import FrontCompositor
from cmdm_tui.tui.key_names import format_keys, split_keys
from cmdm_tui.tui.key_order import KeyOrder
from cmdm_tui.tui.models.held_keys import HeldKeys

if TYPE_CHECKING:
    from cmdm_tui.tui.models.drafts import Draft

_OBSTACLE_SECONDS = 4.0
"""Seconds for which it is shown why a key does nothing."""

ScreenT = TypeVar("ScreenT", bound=Screen[None], contravariant=True)  # noqa: PLC0105 - one name


def _always(_: Screen[None]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command(Generic[ScreenT]):
    """One thing to do on a screen: keys, a word for the footer, a sentence for help and palette.

    `key` is one key by Textual's name, or several with commas between them; the first is the one in
    the footer. `run` does it; `is_available` says whether it applies now.
    """

    id: str
    key: str
    label: str
    description: str
    run: Callable[[ScreenT], None]
    is_available: Callable[[ScreenT], bool] = _always
    is_in_footer: bool = True
    group: str = "More"
    """Its heading in the help: Move, Find, Columns, Change, …"""
    cost: str | Callable[[ScreenT], str] = ""
    """What it costs now, in words: `1 call`, `≤ 12 calls`. Empty where it makes no call."""
    repeats: bool = False
    """Whether it runs again and again while its key is held (see `HeldKeys`)."""
    needs: str | Callable[[ScreenT], str] = ""
    """What must be there for it to apply, as it follows the word "needs": `a column`. Safe."""
    footer_priority: int = 0
    """Where the footer is too narrow for all, the entries of the lowest priority go first."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that run it, by Textual's names, unless the keymap says otherwise."""
        return split_keys(self.key)

    @property
    def shown_key(self) -> str:
        """The first key as it is written on a keyboard."""
        return format_keys(self.keys[:1])

    def describe_cost(self, screen: ScreenT) -> str:
        """Return what it costs now, in words; empty where it makes no call or does not apply."""
        if isinstance(self.cost, str):
            return self.cost
        return self.cost(screen) if self.is_available(screen) else ""

    def describe_needs(self, screen: ScreenT) -> str:
        """Return what must be there for it to apply; empty where that is not said."""
        return self.needs if isinstance(self.needs, str) else self.needs(screen)


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """A command of one screen that is open."""

    id: str
    binding_id: str
    """The name of its key binding, by which the keymap knows it: `browse.sort`."""
    keys: tuple[str, ...]
    """The keys that run it, by Textual's names: those of the keymap, else its own."""
    label: str
    description: str
    group: str
    repeats: bool
    footer_priority: int
    run: Callable[[], None]
    is_available: Callable[[], bool]
    describe_cost: Callable[[], str]
    describe_needs: Callable[[], str]

    @property
    def shown_key(self) -> str:
        """The first key as it is written on a keyboard."""
        return format_keys(self.keys[:1])

    @property
    def shown_keys(self) -> str:
        """All keys as they are written on a keyboard, with spaces between them."""
        return format_keys(self.keys)


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something more that the palette offers on a screen; `text` is safe, and no markup."""

    text: str
    run: Callable[[], None]
    cost: str = ""
    """What it costs, in words."""


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
    def screen_name(self) -> str:
        """The name that begins the ids of the bindings."""
        return self._screen_name

    @property
    def bindings(self) -> list[BindingType]:
        """The bindings of the keys; each runs the action `command` with the command's id."""
        return [
            Binding(
                command.key,
                f"command('{command.id}')",
                command.label,
                show=command.is_in_footer,
                id=self._binding_id(command),
                tooltip=command.description,
            )
            for command in self._commands
        ]

    @property
    def default_keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of each command by the id of its binding, without a keymap."""
        return {self._binding_id(command): command.keys for command in self._commands}

    def bind(
        self, screen: ScreenT, keymap: Mapping[str, str] | None = None
    ) -> dict[str, BoundCommand]:
        """Return the commands by id, to be run on this screen by the keys of the keymap."""
        changed = keymap or {}
        return {
            command.id: _bind(command, screen, binding_id, changed.get(binding_id))
            for command in self._commands
            for binding_id in [self._binding_id(command)]
        }

    def _binding_id(self, command: Command[ScreenT]) -> str:
        return f"{self._screen_name}.{command.id}"


def _bind(
    command: Command[ScreenT], screen: ScreenT, binding_id: str, keys: str | None
) -> BoundCommand:
    return BoundCommand(
        command.id,
        binding_id,
        command.keys if keys is None else split_keys(keys),
        command.label,
        command.description,
        command.group,
        command.repeats,
        command.footer_priority,
        run=lambda: command.run(screen),
        is_available=lambda: command.is_available(screen),
        describe_cost=lambda: command.describe_cost(screen),
        describe_needs=lambda: command.describe_needs(screen),
    )


class CommandScreen(Screen[None]):
    """A screen that runs the commands of its table.

    A subclass sets `BINDINGS` to the table's bindings and returns the bound table. `app_commands`
    are those that every screen has; the application gives them.
    """

    main_name: ClassVar[str] = ""
    """Its name among the main screens of an account; empty for another screen."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrontCompositor()

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id, for instance `TABLE.bind(self, self.keymap)`."""
        raise NotImplementedError

    @property
    def command_app(self) -> "CommandApp":
        """The application, which must be a `CommandApp`."""
        return cast("CommandApp", self.app)  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def commands(self) -> Mapping[str, BoundCommand]:
        """The screen's commands by id."""
        return self.bind_commands()

    @cached_property
    def app_commands(self) -> Mapping[str, BoundCommand]:
        """The commands of the application by id, to be run while this screen is in front."""
        return self.command_app.bind_app_commands(self)

    @property
    def keymap(self) -> Mapping[str, str]:
        """The keys that the user has changed, by the ids of the bindings."""
        return self.command_app.keymap

    @cached_property
    def commands_by_binding(self) -> Mapping[str, BoundCommand]:
        """The commands of the screen and of the application by the ids of their bindings."""
        every = (*self.commands.values(), *self.app_commands.values())
        return {command.binding_id: command for command in every}

    @property
    def available_commands(self) -> frozenset[str]:
        """The ids of the commands that apply now."""
        return frozenset(name for name, command in self.commands.items() if command.is_available())

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost if its account were closed now, a safe sentence each."""
        return ()

    @property
    def drafts(self) -> "tuple[Draft, ...]":
        """What was typed on it and not sent."""
        return ()

    @property
    def never_kept(self) -> tuple[str, ...]:
        """What was typed on it that is never kept, a safe sentence each."""
        return ()

    @property
    def takes_over(self) -> bool:
        """Whether what was typed in the dialogs below it is in the journal by now."""
        return False

    def list_palette_entries(self) -> tuple[PaletteEntry, ...]:
        """Return what the palette offers besides the commands."""
        return ()

    def runs_once(self, key: str) -> bool:
        """Return whether the key, while it is held, is to run its command once."""
        return key in self._keys_that_run_once

    @cached_property
    def _keys_that_run_once(self) -> frozenset[str]:
        every = self.commands_by_binding.values()
        repeated = {key for command in every if command.repeats for key in command.keys}
        once = {key for command in every if not command.repeats for key in command.keys}
        return frozenset(once - repeated)

    def describe_obstacles(self, key: str) -> str:
        """Return why the commands of a key do not apply now, in sentences.

        Empty where the key does something, or where there is nothing to say: Escape is pressed to
        be sure that nothing is left to go back from.
        """
        found = [one for one in self.commands_by_binding.values() if key in one.keys]
        if key == "escape" or not found or any(one.is_available() for one in found):
            return ""
        if key in self.active_bindings:  # what has the focus takes it
            return ""
        needs = [(one.label, one.describe_needs()) for one in found]
        return " ".join(f"{label} needs {need}." for label, need in needs if need)

    def action_command(self, name: str) -> None:
        """Run a command by its id."""
        self.commands[name].run()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a command applies now."""
        if action == "command" and self.is_mounted:
            return self.commands[str(parameters[0])].is_available()
        return True


class CommandApp(App[None]):
    """An application whose own commands apply on every `CommandScreen`."""

    APP_COMMANDS: ClassVar[CommandTable[CommandScreen]] = CommandTable("app")

    def __init__(self) -> None:
        super().__init__()
        self.keymap: Mapping[str, str] = {}
        """The keys that the user has changed, by the ids of the bindings."""
        self._held_keys = HeldKeys()
        self._key_order = KeyOrder(self, self._deliver_key)
        self.is_key_held = False
        """Whether the last key that came is being held down."""
        self._obstacle: tuple[str, float] = ("", float("-inf"))
        """What was last said of a key that does nothing, and when."""

    def cancel_calls(self) -> int:
        """Leave the calls that are under way, and return how many they are: none here."""
        return 0

    @property
    def can_record(self) -> bool:
        """Whether there is an account whose calls can be recorded: none here."""
        return False

    @property
    def recording_status(self) -> str:
        """That calls are recorded, in words; empty where none are."""
        return ""

    def toggle_recording(self) -> None:
        """Begin to record calls, or end that; a subclass can."""

    @property
    def draft_count(self) -> int:
        """How many unsent drafts of earlier runs there are: none here."""
        return 0

    def offer_drafts(self) -> None:
        """Offer the drafts of earlier runs; a subclass can."""

    async def on_event(self, event: events.Event) -> None:
        """Take an event in; keys one after the other, in the order in which they came."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._key_order.take(event)
            return
        await super().on_event(event)
        if isinstance(event, events.Key):
            self._key_order.note_return(event)

    async def _deliver_key(self, event: events.Key) -> None:
        """Pass a key on, unless it is held and its command runs once."""
        self.is_key_held = self._held_keys.note_press(event.key, event.time)
        if not (self.is_key_held and self._runs_once(event)):
            await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing, where its command does not apply: Textual only ignores it."""
        screen = self.screen
        if isinstance(screen, CommandScreen) and not self.is_key_held:
            words = screen.describe_obstacles(event.key)
            shown, since = self._obstacle
            if words and (words != shown or event.time - since >= _OBSTACLE_SECONDS):
                self._obstacle = words, event.time
                self.notify(words, severity="warning", timeout=_OBSTACLE_SECONDS, markup=False)

    def _runs_once(self, event: events.Key) -> bool:
        screen, focused = self.screen, self.focused
        is_typed = focused is not None and focused.check_consume_key(event.key, event.character)
        return isinstance(screen, CommandScreen) and not is_typed and screen.runs_once(event.key)

    def request_quit(self) -> None:
        """Quit; a subclass may ask first."""
        self.exit()

    @property
    def main_screen_names(self) -> frozenset[str]:
        """The names of the screens that the open account has; none where none is open."""
        return frozenset()

    def bind_app_commands(self, screen: CommandScreen) -> Mapping[str, BoundCommand]:
        """Return the application's commands by id, to be run while that screen is in front."""
        return self.APP_COMMANDS.bind(screen, self.keymap)

    def action_command(self, name: str) -> None:
        """Run one of the application's commands on the screen in front."""
        if isinstance(self.screen, CommandScreen):
            self.screen.app_commands[name].run()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a command applies to the screen in front."""
        if action == "command":
            screen = self.screen
            return isinstance(screen, CommandScreen) and (
                screen.app_commands[str(parameters[0])].is_available()
            )
        return super().check_action(action, parameters)
