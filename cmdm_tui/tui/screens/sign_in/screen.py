"""The sign-in: a form that makes a profile once the service has accepted it."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Select

from cmdm_tui.config import Credentials, SecretPlace, SecretStr
from cmdm_tui.config.secrets.keyring import is_installed
from cmdm_tui.tui.account_opener import AccountOpener, SignInForm
from cmdm_tui.tui.commands import BoundCommand, Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import (
    USER_ERRORS,
    AccountOpened,
    ReturnRequested,
    UserError,
    WelcomeRequested,
)
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.ordered_input import OrderedInput
from cmdm_tui.tui.widgets.safe_input import SafeInput

_FIELDS = (
    ("url", "Address", "https://api.example.com", False),
    ("client-id", "Client id", "", False),
    ("client-secret", "Client secret", "", True),
    ("username", "User name", "", False),
    ("password", "Password", "", True),
    ("name", "Profile name", "letters, digits, - and _", False),
)
_PLACES: tuple[tuple[str, SecretPlace], ...] = (
    ("kept nowhere: you are asked each time", "ask"),
    ("in the system's keyring", "keyring"),
    ("in a file in plain text, only you can read it", "file"),
)
_OTHER_PLACES_HINT = "secrets by a command or the environment: cmdm login --help"


class SignInScreen(CommandScreen):
    """Asks for an address and the four values of a sign-in, and tries them."""

    CSS_PATH: ClassVar[list[str]] = ["../start/start.tcss", "sign_in.tcss"]  # pyright: ignore[reportIncompatibleVariableOverride]
    _TABLE = CommandTable["SignInScreen"](
        "sign_in",
        Command(
            "back", "escape", "Back", "Leave the sign-in",
            lambda screen: screen.go_back(),
        ),
        Command("try", "ctrl+s", "Sign in", "Try to sign in", lambda screen: screen.sign_in()),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = _TABLE.bindings

    class Failed(Message):
        """The sign-in failed."""

        def __init__(self, trouble: UserError) -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(self, opener: AccountOpener, *, can_return: bool = False) -> None:
        super().__init__()
        self._opener = opener
        self._can_return = can_return

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return self._TABLE.bind(self, self.keymap)

    @property
    def never_kept(self) -> tuple[str, ...]:
        """That a sign-in was typed: it holds secrets."""
        inputs = self.query(Input)
        is_typed = any(field.value for field in inputs if field.id != "name")
        return ("What was typed into the sign-in is kept nowhere.",) if is_typed else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """The same, as it would have to be typed again."""
        return self.never_kept

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with VerticalScroll(id="form", can_focus=False) as form:
            form.border_title = "Sign in"
            form.border_subtitle = _OTHER_PLACES_HINT
            for name, label, placeholder, is_secret in _FIELDS:
                with Horizontal(classes="row"):
                    yield Label(label, markup=False)
                    make = OrderedInput if is_secret else SafeInput  # a secret is taken as it is
                    yield make(
                        "main" if name == "name" else "",
                        placeholder=placeholder,
                        password=is_secret,
                        compact=True,
                        id=name,
                    )
            with Horizontal(classes="row"):
                yield Label("The secrets are", markup=False)
                yield Select(_places(), value="ask", allow_blank=False, compact=True, id="place")
            yield Button(Content("Sign in"), variant="primary", compact=True, id="submit")
            yield Notice(id="sign-in-notice")
        yield KeyFooter()

    @on(Button.Pressed, "#submit")
    def sign_in(self) -> None:
        """Try what is in the form; an empty field comes first."""
        for field in self.query(Input):
            if not field.value.strip():
                field.focus()
                return
        self.query_one(Notice).show_text("Signing in …", alone=False)
        self.run_worker(partial(self._try, self._form()), group="sign-in", exclusive=True)

    @on(Input.Submitted)
    def _submit_field(self, event: Input.Submitted) -> None:
        if event.input.id == _FIELDS[-1][0]:
            self.sign_in()
        else:
            self.focus_next(Input)

    def go_back(self) -> None:
        """Go back to the account that is open, else to the demo and the sign-in."""
        self.post_message(ReturnRequested() if self._can_return else WelcomeRequested(""))

    @property
    def _place(self) -> SecretPlace:
        chosen = self.query_one("#place", Select).value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return next(place for _, place in _PLACES if place == chosen)

    def _form(self) -> SignInForm:
        def text(name: str) -> str:
            return self.query_one(f"#{name}", Input).value

        return SignInForm(
            url=text("url").strip(),
            credentials=Credentials(
                client_id=SecretStr(text("client-id").strip()),
                client_secret=SecretStr(text("client-secret")),
                username=text("username").strip(),
                password=SecretStr(text("password")),
            ),
            name=text("name").strip(),
            place=self._place,
        )

    async def _try(self, form: SignInForm) -> None:
        try:
            account = await self._opener.sign_in(form)
        except USER_ERRORS as trouble:
            self.post_message(self.Failed(trouble))
        else:
            self.post_message(AccountOpened(account))

    @on(Failed)
    def _fail(self, event: Failed) -> None:
        self.query_one(Notice).show_error(event.trouble, alone=False, hint="")


def _places() -> list[tuple[Content, SecretPlace]]:
    """Return the places to choose from: the keyring only where its package is here."""
    return [
        (Content(words), place) for words, place in _PLACES if place != "keyring" or is_installed()
    ]
