'''Checks of your own: functions in a Python file, which judge every answer as the built-in ones do.

    """Laws of our account."""

    def owner_is_told(context):
        """Every lead that is read has an owner."""
        if context.is_success and context.intent.call == "get" and context.intent.entity == "lead":
            yield True
            if not context.exchange.json["Properties"].get("Owner"):
                yield f"{context.intent.external_id} has no owner."

Every function of the file whose name begins without an underscore is a check, here `owner-is-told`;
its docstring is the law. It takes a `CheckContext`: `exchange` (what was sent and answered),
`intent` (which call of what), `record` (what was known of the record before), `answer` (the records
in the answer), and more. It yields True where it looked at the answer, and a sentence for each
fault; where it yields nothing, it has nothing to say. A plain function may return a sentence, True
or None instead. It must not change what it is given, nor depend on time or chance: a failure is
made shorter by repeating it.
'''

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import cast

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.oracle.check import HELD, Breach, Check, CheckFunction, Held, Verdict
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.checks import CHECKS
from cmdm_tui.text import one_line

_LONGEST_REASON = 300

OwnFunction = Callable[[CheckContext], object]


class OwnCheckError(HarnessError):
    """A file of checks, or a check in it, is wrong; the message names the file and the line."""


def load_own_checks(paths: Iterable[Path]) -> tuple[Check, ...]:
    """Return the checks in the files, in their order.

    Raises OwnCheckError for a file that cannot be read or run, holds no check, or holds one whose
    name is taken.
    """
    found: list[Check] = []
    taken = {check.name: "a check of cmdm" for check in CHECKS}
    for path in paths:
        for function in _list_functions(path):
            name = function.__name__.replace("_", "-")
            if name in taken:
                reason = f"the name {one_line(name, 60)} is taken by {taken[name]}"
                raise _wrong(path, function.__code__.co_firstlineno, reason)
            taken[name] = f"another function of {one_line(str(path), 200)}"
            found.append(_make_check(path, name, function))
    return tuple(found)


def _list_functions(path: Path) -> list[FunctionType]:
    module = _run_file(path)
    own = [
        value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType)
        and not name.startswith("_")
        and value.__module__ == module.__name__
    ]
    if not own:
        reason = "it holds no check: write a function whose name begins without an underscore"
        raise _wrong(path, 1, reason)
    for function in own:
        try:
            inspect.signature(function).bind(None)
        except TypeError:
            reason = f"{function.__name__} must take one argument, the context"
            raise _wrong(path, function.__code__.co_firstlineno, reason) from None
    return own


def _run_file(path: Path) -> ModuleType:
    """Run the file as a separate module; nothing is written next to it."""
    try:
        source = read_bounded(path, LARGEST_INPUT)
    except OSError as error:
        reason = error.strerror or "it is too large"
        raise OwnCheckError(f"{one_line(str(path), 200)} cannot be read: {reason}.") from None
    module = ModuleType(f"cmdm_own_checks_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 — the user's own file
    except SyntaxError as error:
        raise _wrong(path, error.lineno or 1, f"{type(error).__name__}: {error.msg}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 — whatever a user's file may raise
        raise _locate(path, error) from None
    return module


def _make_check(path: Path, name: str, function: FunctionType) -> Check:
    sentence = one_line((function.__doc__ or "").strip().partition("\n")[0], 200)
    own = cast("OwnFunction", function)
    return Check(name, sentence or f"a check of {path.name}", "own", _guard(path, own))


def _guard(path: Path, function: OwnFunction) -> CheckFunction:
    """Return a check function that says where the user's function fails, if it does."""

    def check(context: CheckContext) -> Iterator[Verdict]:
        try:
            verdicts = [_read_verdict(said) for said in _iterate(function(context))]
        except OwnCheckError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever a user's function may raise
            raise _locate(path, error) from None
        yield from (verdict for verdict in verdicts if verdict is not None)

    return check


def _iterate(said: object) -> Iterable[object]:
    if said is None or isinstance(said, str | bool | Held | Breach):
        return (said,)
    if isinstance(said, Iterable):
        return cast("Iterable[object]", said)
    raise TypeError(_describe_wrong(said))


def _read_verdict(said: object) -> Verdict | None:
    match said:
        case None | False:
            return None
        case True:
            return HELD
        case str():
            return Breach(one_line(said, 500), "own")
        case Held() | Breach():
            return said
        case _:
            raise TypeError(_describe_wrong(said))


def _describe_wrong(said: object) -> str:
    return f"a check says True or a sentence, not {type(said).__name__}"


def _locate(path: Path, error: BaseException) -> OwnCheckError:
    """Return an error that names the line of the file at which another one came up."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return _wrong(path, (lines[-1] if lines else 0) or 1, f"{type(error).__name__}: {error}")


def _wrong(path: Path, line: int, reason: str) -> OwnCheckError:
    said = one_line(reason, _LONGEST_REASON).rstrip(".")
    return OwnCheckError(f"{one_line(str(path), 200)}, line {line}: {said}.")
