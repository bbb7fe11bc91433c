"""Presses random keys in the explorer, on a network that fails and garbles at random."""

import asyncio
import json
import random
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httpx
from textual import events
from textual.binding import Binding
from textual.dom import DOMNode, NoScreen
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, OptionList, TextArea

from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.tui.key_names import split_keys
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from cmdm_tui.tui.widgets.filter_bar import ConditionInput
from cmdm_tui.tui.widgets.sql_editor import SqlEditor
from tests.services import CountedNetwork
from tests.tui.driver import has_messages, screen_text
from tests.tui.test_hostile import HOSTILE, unsafe

if TYPE_CHECKING:
    from textual.app import App

KEPT_ACTIONS = 60
"""What was done last: this many are shown where it fails."""

_SIZES = ((80, 24), (140, 40), (60, 16), (24, 8), (200, 50), (20, 5))
_TEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;-_'\"%$§é漢👩‍👩‍👧"
_MOVES = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "ctrl+home",
          "ctrl+end", "tab", "shift+tab", "enter", "enter", "space", "backspace", "delete",
          "escape", "escape", "f9", "ctrl+c", "ctrl+v", "ctrl+l", "f19", "é", "0")  # fmt: skip
_MAIN_SCREENS = {
    "f2": "BrowseScreen", "f3": "QueryScreen", "f4": "CallsScreen", "f5": "ChangesScreen",
}  # fmt: skip
_VALUES = [value[:3_000] for value in HOSTILE.values()]
_STATEMENTS = (
    "SELECT * FROM lead",
    "SELECT City, count(*) AS n, avg(Score) AS a FROM lead GROUP BY City",
    "SELECT LastName FROM lead WHERE City = 'York'",
    "SELECT l.LastName, t.Subject FROM lead l JOIN task t ON t.RelatedExternalID = l.ExternalID",
    "UPDATE lead SET City = 'York' WHERE City = 'Leeds'",
    "DELETE FROM task WHERE Subject LIKE 'R%'",
    "INSERT INTO lead (LastName) VALUES ('Ada')",
    "EXPLAIN SELECT * FROM account",
    "SELECT FROM WHERE (",
)
_CONDITIONS = ("City = 'York'", "Score > 5", "LastName LIKE 'A%'", "nothing = ", "1=1")
_METHODS = {ChangeKind.CREATE: "POST", ChangeKind.DELETE: "DELETE"}


@dataclass
class Grant:
    """A write that was confirmed; it is spent once the service has said that it was done."""

    method: str
    external_id: str
    is_spent: bool = False


@dataclass
class Confirmations:
    """The writes that were confirmed: by a press of a button, or by a choice in a dialog.

    They are read from Textual's own messages about what was pressed, before the explorer does
    anything with them.
    """

    grants: list[Grant] = field(default_factory=list[Grant])
    unconfirmed: list[str] = field(default_factory=list[str])
    writes: int = 0
    _noted: Message | None = None

    def note_message(self, message: Message) -> None:
        """Note what a message says was confirmed; each is seen by several parts, one by one."""
        if message is self._noted:
            return
        if isinstance(message, Button.Pressed):
            self._noted = message
            with suppress(NoScreen):  # its dialog is gone, so nothing hears it
                self._note_button(message.button)
        elif isinstance(message, OptionList.OptionSelected):
            self._noted = message
            with suppress(NoScreen):
                self._note_choice(message.option_list.screen, message.option_index)

    def note_resume(self, changes: tuple[Change, ...]) -> None:
        """Note that a run, which was confirmed when it began, is gone on with."""
        self._confirm(changes)

    def _note_choice(self, screen: Screen[object], index: int) -> None:
        asked = re.match(r"Send (\w+) /?(\S+) to ", getattr(screen, "_question", ""))
        if isinstance(screen, ChoiceScreen) and asked and index == 1:
            self.grants.append(Grant(asked[1], ""))

    def _note_button(self, button: Button) -> None:
        screen = button.screen
        if isinstance(screen, PreviewScreen) and button.id == "apply":
            self._confirm(screen._change_set.changes)
        elif isinstance(screen, ApplyScreen) and button.id == "resume":
            result = screen._result
            if result is not None and result.run is not None:
                self._confirm(result.run.change_set.changes)

    def _confirm(self, changes: tuple[Change, ...]) -> None:
        self.grants += [
            Grant(_METHODS.get(one.kind, "PUT"), one.external_id or "") for one in changes
        ]

    def find_grant(self, method: str, path: str) -> Grant | None:
        """Count a write, and return what allows it; note one that nothing does."""
        self.writes += 1
        for grant in self.grants:
            if grant.method == method and not grant.is_spent and grant.external_id in path:
                return grant
        self.unconfirmed.append(f"{method} {path}")
        return None


class CheckedNetwork(CountedNetwork):
    """Asks of each write whether it was confirmed."""

    def __init__(self, confirmations: Confirmations) -> None:
        super().__init__()
        self._confirmations = confirmations

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        grant: Grant | None = None
        if request.method != "GET" and path != "authenticate":
            grant = self._confirmations.find_grant(request.method, path)
        response = await super().handle_async_request(request)
        if grant is not None and response.is_success:
            grant.is_spent = True
        return response


class GarblingNetwork(CheckedNetwork):
    """Loses calls, delays answers and puts hostile values into them, each now and then."""

    def __init__(self, seed: int, confirmations: Confirmations) -> None:
        super().__init__(confirmations)
        self._random = random.Random(seed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        chance = self._random.random()
        if chance < 0.02:
            raise httpx.ReadTimeout("slow", request=request)
        if chance < 0.05:
            await asyncio.sleep(0.2)
        response = await super().handle_async_request(request)
        if request.method == "GET" and chance > 0.8:
            return self._garble(response, await response.aread())
        return response

    def _garble(self, response: httpx.Response, content: bytes) -> httpx.Response:
        try:
            answer = self._make_hostile(json.loads(content))
        except ValueError:
            answer = _VALUES[0]
        headers = {
            name: value
            for name, value in response.headers.items()
            if name not in {"content-length", "content-encoding", "transfer-encoding"}
        }
        return httpx.Response(
            response.status_code, headers=headers, content=json.dumps(answer).encode()
        )

    def _make_hostile(self, value: Any) -> Any:
        """Return a decoded answer with some of its texts made hostile."""
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {name: self._make_hostile(one) for name, one in members.items()}
        if isinstance(value, list):
            return [self._make_hostile(one) for one in cast("list[Any]", value)]
        if isinstance(value, str) and self._random.random() < 0.03:
            return self._random.choice(_VALUES)
        return value


class Monkey:
    """Does random things in an explorer; `actions` are the last of them."""

    def __init__(self, pilot: Pilot[None], seed: int, keys: list[str]) -> None:
        self._app: App[None] = pilot.app
        self._random = random.Random(seed)
        self._keys = keys
        self._time = 0.0
        self.actions: deque[str] = deque(maxlen=KEPT_ACTIONS)
        self.screens: set[str] = set()

    async def act(self) -> None:
        """Do one thing, wait for a bounded time, and look at what is shown."""
        screen = self._app.screen
        self.screens.add(type(screen).__name__)
        chance = self._random.random()
        if not (chance < 0.25 and self._act_for(screen)):
            self._act_anyhow(self._random.random())
        await self._rest()
        if self._app._exception is not None:
            raise self._app._exception
        if self._random.random() < 0.3:
            found = unsafe(screen_text(self._app))
            assert not found, f"the terminal gets {found!r}"

    async def finish(self) -> None:
        """Let all keys arrive: none may come to an explorer that closes."""
        for _ in range(2_000):
            if not has_messages(self._app):
                return
            await asyncio.sleep(0.001)

    def _act_for(self, screen: Screen[Any]) -> bool:
        """Do what leads further on this screen; return whether there is such a thing."""
        focused = self._app.focused
        match screen:
            case PreviewScreen() | ApplyScreen():
                names = [one.id for one in screen.query(Button) if one.display and not one.disabled]
                if names:
                    name = self._random.choice(names)
                    screen.query_one(f"#{name}", Button).focus()
                    self._note(f"focus {name}")
                    self.press("enter")
            case EntryScreen():
                number = re.search(r"[\d,]+", screen._question)
                self.paste(number[0] if number else self._random.choice(_VALUES[8:10]))
                self.press("enter")
            case FormScreen():
                self.press(self._random.choice(("a", "ctrl+n", "down", "ctrl+s", "ctrl+s")))
            case _ if isinstance(focused, SqlEditor):
                self.press("ctrl+a")
                self.paste(self._random.choice((*_STATEMENTS, *_VALUES)))
                self.press("ctrl+r")
            case _ if isinstance(focused, ConditionInput):
                self.paste(self._random.choice((*_CONDITIONS, *_VALUES[:3])))
                self.press("enter")
            case ModalScreen() if self._random.random() < 0.5:
                self.press("escape")
            case _:
                return False
        return True

    def _act_anyhow(self, chance: float) -> None:
        if chance < 0.45:
            bound = [one for one in self._app.screen.active_bindings if one]
            self.press(self._random.choice(bound or ["enter"]))
        elif chance < 0.6:
            self.press(self._random.choice(self._keys))
        elif chance < 0.75:
            self.press(self._random.choice(_MOVES))
        elif chance < 0.84:
            self.press(self._random.choice(_TEXT))
        elif chance < 0.88:
            self.click()
        elif chance < 0.9:
            self.scroll()
        elif chance < 0.92:
            self.resize()
        elif chance < 0.94:
            self.hold(self._random.choice(self._keys))
        elif chance < 0.95:
            self.paste(self._random.choice(_VALUES))
        else:
            self._go_to_main_screen()

    def _go_to_main_screen(self) -> None:
        """Go to one that was not shown yet, out of what would take its key; else to any."""
        unseen = [key for key, name in _MAIN_SCREENS.items() if name not in self.screens]
        for _ in range(3 if unseen else 0):
            self.press("escape")
        self.press(self._random.choice(unseen or list(_MAIN_SCREENS)))

    def press(self, key: str) -> None:
        """Press a key; no file outside of the working folder can be named with it."""
        if key == "slash" and isinstance(self._app.focused, Input | TextArea):
            return
        self._time += 1.0
        self._note(key)
        self._send_key(key, self._time)

    def hold(self, key: str) -> None:
        """Hold a key down for about a fifth of a second after its first repeat."""
        if key == "slash":
            return
        self._note(f"hold {key}")
        self._time += 2.0
        for place in (0.0, 0.4, 0.43, 0.46, 0.5, 0.53):
            self._send_key(key, self._time + place)

    def _send_key(self, key: str, time: float) -> None:
        event = events.Key(key, key if len(key) == 1 else None)
        event.time = time
        self._send(event)

    def paste(self, text: str) -> None:
        """Paste a text."""
        self._note(f"paste {text[:40]!r}")
        self._send(events.Paste(text.replace("/", "") if self._is_in_dialog else text))

    @property
    def _is_in_dialog(self) -> bool:
        return isinstance(self._app.screen, EntryScreen)

    def click(self) -> None:
        """Click anywhere, at times twice."""
        x, y = self._choose_place()
        self._note(f"click {x},{y}")
        for _ in range(self._random.choice((1, 1, 1, 2))):
            self._send(events.MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y))
            self._send(events.MouseUp(None, x, y, 0, 0, 1, False, False, False, x, y))

    def scroll(self) -> None:
        """Turn the wheel anywhere."""
        x, y = self._choose_place()
        kind = self._random.choice((events.MouseScrollDown, events.MouseScrollUp))
        self._note(f"{kind.__name__} {x},{y}")
        self._send(kind(None, x, y, 0, 0, 0, False, False, False, x, y))

    def _choose_place(self) -> tuple[int, int]:
        width, height = self._app.size
        return self._random.randrange(max(width, 1)), self._random.randrange(max(height, 1))

    def resize(self) -> None:
        """Give the terminal another size."""
        size = Size(*self._random.choice(_SIZES))
        self._note(f"size {size.width}x{size.height}")
        driver = self._app._driver
        assert isinstance(driver, HeadlessDriver)
        driver._size = size
        self._app.post_message(events.Resize(size, size))

    def _note(self, action: str) -> None:
        self.actions.append(f"{type(self._app.screen).__name__}: {action}")

    def _send(self, event: events.Event) -> None:
        driver = self._app._driver
        assert driver is not None
        driver.process_message(event)

    async def _rest(self) -> None:
        """Let what was done begin, and at times get somewhere; it may wait for an answer for ever.

        A turn of the loop is no wait: what is asked of the sandbox is under way meanwhile.
        """
        for _ in range(self._random.choice((0, 5, 40, 40))):
            if self._app._exception is not None:
                return
            await asyncio.sleep(0 if has_messages(self._app) else 0.0005)


def resumed_changes(screen: ChangesScreen) -> tuple[Change, ...]:
    """Return the changes of the run that a resume goes on with."""
    run = screen.run_under_cursor
    return () if run is None else run.change_set.changes


def list_keys(*owners: type[DOMNode]) -> list[str]:
    """Return every key that these screens, dialogs and parts have."""
    found = [
        key
        for owner in owners
        for binding in owner.BINDINGS
        for key in split_keys(binding.key if isinstance(binding, Binding) else binding[0])
    ]
    return list(dict.fromkeys(found))
