"""Faults in who is signed in, and in what a refused sign-in is told."""

from collections.abc import Callable

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant, refuse

Credentials = dict[str, str]
NAMES = ("client_id", "client_secret", "username", "password")
Forgive = Callable[[Credentials, Credentials], bool]
"""Takes credentials for right: given are those sent, then the right ones."""


def _sent(asked: FaultRequest) -> Credentials:
    found = {name.decode(): value.decode("latin-1") for name, value in asked.headers}
    return {name: found.get(name, "") for name in NAMES}


async def signed_in(asked: FaultRequest, inner: SendOn, forgive: Forgive) -> FaultAnswer:
    """Sign in with the right credentials where those sent are taken for right."""
    given = await inner(asked)
    if asked.call != "authenticate":
        return given
    if given.ok:
        asked.memory["sign-in"] = asked.headers
    elif given.status in {400, 401} and "sign-in" in asked.memory:
        right = asked.with_changes(headers=asked.memory["sign-in"])
        if forgive(_sent(asked), _sent(right)):
            return await inner(right)
    return given


def but(name: str, forgive: Callable[[str, str], bool]) -> Forgive:
    """Forgive one credential, where all the others are right."""

    def compare(sent: Credentials, right: Credentials) -> bool:
        others = all(sent[one] == right[one] for one in NAMES if one != name)
        return others and forgive(sent[name], right[name])

    return compare


def _forgiving(name: str, aims: str, forgive: Forgive) -> Callable[[FaultRequest, SendOn], object]:
    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        return await signed_in(asked, inner, forgive)

    return mutant(name, aims)(fault)


def is_beginning(sent: str, right: str) -> bool:
    return bool(sent) and all(one == other for one, other in zip(sent, right, strict=False))


LOOKED_AT, EXACTLY = "credentials-looked-at", "credentials-match-exactly"

_forgiving("any password is accepted", LOOKED_AT, but("password", lambda _, __: True))
_forgiving("the client's secret is not looked at", LOOKED_AT,
           but("client_secret", lambda _, __: True))  # fmt: skip
_forgiving("the client's id is not looked at", LOOKED_AT, but("client_id", lambda _, __: True))
_forgiving("a username that is not known is let in", LOOKED_AT,
           but("username", lambda sent, _: bool(sent)))  # fmt: skip
_forgiving("eight characters of a password are compared", LOOKED_AT,
           but("password", lambda sent, right: sent[:8] == right[:8]))  # fmt: skip
_forgiving("an empty password binds as nobody, and is let in", LOOKED_AT,
           but("password", lambda sent, _: not sent))  # fmt: skip
_forgiving("a sign-in without client takes the default one", LOOKED_AT,
           but("client_id", lambda sent, _: not sent))  # fmt: skip
_forgiving("a password may be followed by anything", LOOKED_AT,
           but("password", lambda sent, right: sent.startswith(right)))  # fmt: skip
_forgiving("a secret's beginning is enough", LOOKED_AT,
           but("client_secret", lambda sent, right: right.startswith(sent)))  # fmt: skip
_forgiving("a username is found by its beginning", LOOKED_AT,
           but("username", lambda sent, right: bool(sent) and right.startswith(sent)))  # fmt: skip
_forgiving("a client's id is compared as far as the shorter goes", LOOKED_AT,
           but("client_id", is_beginning))  # fmt: skip
_forgiving("passwords are compared in small letters", EXACTLY,
           but("password", lambda sent, right: sent.lower() == right.lower()))  # fmt: skip
_forgiving("secrets are compared in small letters", EXACTLY,
           but("client_secret", lambda sent, right: sent.lower() == right.lower()))  # fmt: skip
_forgiving("the database compares usernames without case", EXACTLY,
           but("username", lambda sent, right: sent.lower() == right.lower()))  # fmt: skip


def _is_refused(asked: FaultRequest, given: FaultAnswer) -> bool:
    return asked.call == "authenticate" and given.status in {400, 401}


@mutant("a refused sign-in gives a token too", LOOKED_AT)
async def refused_with_token(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await signed_in(asked, inner, lambda _, __: True)
    if given.ok and _sent(asked) != _sent(
        asked.with_changes(headers=asked.memory.get("sign-in", asked.headers))
    ):
        given.status = 401
    return given


@mutant("a wrong credential is answered 400", "sign-in-status")
async def wrong_is_400(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_wrong = _is_refused(asked, given) and all(_sent(asked).values())
    return refuse(given, 400) if is_wrong else given


@mutant("an unknown username is answered 404", "sign-in-status")
async def unknown_user_404(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_user = _is_refused(asked, given) and _sent(asked)["username"] == "not-the-username"
    return refuse(given, 404, "No such user.") if is_user else given


@mutant("a missing credential is answered 401", "sign-in-status")
async def missing_is_401(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 401) if _is_refused(asked, given) and given.status == 400 else given


@mutant("a wrong sign-in is answered 403", "documented-status")
async def wrong_is_403(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 403) if _is_refused(asked, given) else given


async def _tell_which(asked: FaultRequest, inner: SendOn, name: str, words: str) -> FaultAnswer:
    given = await signed_in(asked, inner, lambda _, __: False)
    right = asked.memory.get("sign-in")
    if right is None or not _is_refused(asked, given) or given.status != 401:
        return given
    wanted = _sent(asked.with_changes(headers=right))
    return refuse(given, 401, words) if _sent(asked)[name] != wanted[name] else given


@mutant("a refused sign-in says that there is no such user", "sign-in-refusals-alike")
async def tells_user(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _tell_which(asked, inner, "username", "There is no such user.")


@mutant("a refused sign-in says that the password is wrong", "sign-in-refusals-alike")
async def tells_password(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _tell_which(asked, inner, "password", "The password is wrong.")


@mutant("a refused sign-in says that the client is not known", "sign-in-refusals-alike")
async def tells_client(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _tell_which(asked, inner, "client_id", "This client is not known.")
