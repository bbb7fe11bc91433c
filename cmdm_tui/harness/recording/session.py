"""The files of a recording: cassettes of at most 50 calls, each with its case, and the manifest."""

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import msgspec

from cmdm_tui import __version__
from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.harness.cases.files import case_bytes
from cmdm_tui.harness.cases.format import CaseStep
from cmdm_tui.harness.cassettes.format import (
    ADDRESS,
    API_PATH,
    IdAliases,
    Interaction,
    find_highest_alias,
    make_canonical,
    shorten_body,
)
from cmdm_tui.harness.cassettes.library import CASE_SUFFIX, CASSETTE_SUFFIX
from cmdm_tui.harness.cassettes.manifest import ManifestEntry, make_entry, write_manifest
from cmdm_tui.harness.cassettes.people import accept_stand_ins, redact_interactions
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.recorder import serialize_with_vcrpy
from cmdm_tui.harness.recording.case_steps import (
    MOST_STEPS,
    NoStep,
    list_captured_ids,
    make_case,
    make_step,
)
from cmdm_tui.harness.recording.observed_call import LARGEST_BODY, ObservedCall, Unrecordable
from cmdm_tui.harness.recording.recording_names import (
    OTHER_ENDING,
    SESSION_KIND,
    is_recorded,
    iterate_names,
    list_parts,
)
from cmdm_tui.harness.recording.session_secrets import SessionSecrets
from cmdm_tui.harness.recording.unfinished import remove_mark, write_mark
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import count_noun

_HEAD, _TAIL = b"interactions:\n", b"version: 1\n"
_LARGEST_PART = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    """A recorded call: without secrets as it was seen, as its file has it, and as a step."""

    call: ObservedCall
    chunk: bytes
    step: CaseStep | None
    whole: Interaction


@dataclass(slots=True)
class _Part:
    """One cassette, and its case where its calls can be made again."""

    name: str
    has_case: bool
    entries: list[_Entry] = field(default_factory=list[_Entry])
    captured: frozenset[str] = frozenset()
    size: int = 0
    is_saved: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= MOST_STEPS or self.size >= _LARGEST_PART

    def add(self, entry: _Entry) -> None:
        self.entries.append(entry)
        self.size += len(entry.chunk) + len(entry.call.request_body)
        self.is_saved = False
        if entry.step is not None:
            self.captured |= list_captured_ids(entry.step)


@dataclass(slots=True)
class SessionFiles:
    """A recording in `folder`: `NAME.yaml`, `NAME-2.yaml` and so on, each with its case.

    They are in the folder of their `kind` below `folder`, and in its manifest; without a kind they
    are in `folder` itself. `base` is the path of the service before a call (`/api/v1`), `target`
    names the service in the manifest. With `extends`, what is there stays, and new calls go to
    further files; else it is replaced by the first `save`. Nothing is written that `secrets` finds
    a secret in. `people` replaces the people in it.
    """

    folder: Path
    name: str
    kind: str = SESSION_KIND
    base: str = API_PATH
    target: str = ""
    extends: bool = False
    secrets: SessionSecrets = field(default_factory=SessionSecrets)
    people: PersonRedactor | None = None
    recorded: int = field(default=0, init=False)
    """How many calls are in the recording, those that were there not counted."""
    taken_out: int = field(default=0, init=False)
    """How many calls were taken out again: a secret learnt later could not be replaced in them."""
    _aliases: IdAliases = field(init=False)
    _parts: list[_Part] = field(default_factory=list[_Part], init=False)
    _taken: frozenset[str] = field(init=False)
    _saved: int = field(default=0, init=False)
    _marked: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        before = list_parts(self.folder / self.kind, self.name) if self.extends else []
        self._taken = frozenset(path.stem for path in before)
        highest = find_highest_alias(path.read_text("utf-8", "replace") for path in before)
        self._aliases = IdAliases(first=highest)
        if self.people is not None:
            accept_stand_ins((one for path in before for one in read_cassette(path)), self.people)

    @property
    def cassettes(self) -> list[Path]:
        """The cassettes of this recording, in the order of their calls."""
        return [self._path(part, CASSETTE_SUFFIX) for part in self._parts if part.entries]

    def add(self, call: ObservedCall) -> str:
        """Add a call; return why it cannot be recorded, nothing where it is."""
        try:
            plain = _decode(call)
            if self.secrets.learn(plain):
                self._conceal_again()
            self._append(self.secrets.conceal(plain))
        except Unrecordable as error:
            return str(error)
        self.recorded += 1
        return ""

    def save(self, received: int = 0) -> None:
        """Write what is new, each file whole. Raises ConfigurationError.

        Where `received` calls came, it is marked as not complete until it is finished.
        """
        changed = [part for part in self._parts if not part.is_saved]
        if received and (changed or received != self._marked):
            self._mark(received)
        if not changed:
            return
        entries: dict[str, ManifestEntry] = {}
        versions = {"cmdm": __version__, "vcrpy": version("vcrpy")}
        for part in changed:
            cassette, case = self._path(part, CASSETTE_SUFFIX), self._path(part, CASE_SUFFIX)
            if not part.entries:
                # Every call in it was taken out, after they were written.
                cassette.unlink(missing_ok=True)
                case.unlink(missing_ok=True)
                continue
            chunks, steps = self._redact(part, cassette)
            replace_file(cassette, b"".join((_HEAD, *chunks, _TAIL)))
            if not part.has_case:
                continue
            replace_file(case, self._write_case(part, steps))
            if self.kind:
                key = f"{self.kind}/{cassette.name}"
                fingerprint = "" if self.people is None else self.people.fingerprint
                entries[key] = make_entry(
                    case, cassette, self.target, versions, people_key=fingerprint
                )
        if entries:
            write_manifest(self.folder, entries, LeakScanner())
        # What failed on the way is written again by the next save.
        for part in changed:
            part.is_saved = True
        self._saved = self.recorded
        if received:
            self._mark(received)

    def _mark(self, received: int) -> None:
        folder = self.folder / self.kind
        write_mark(folder, self.name, received=received, saved=self._saved)
        self._marked = received

    def finish(self) -> None:
        """Write what is new, and replace people who were known later in what was written before.

        Raises ConfigurationError.
        """
        if self.people is not None:
            for part in self._parts:
                part.is_saved = False
            for part in self._parts:
                redact_interactions([one.whole for one in part.entries], self.people)
        self.save()
        remove_mark(self.folder / self.kind, self.name)

    def _redact(self, part: _Part, cassette: Path) -> tuple[list[bytes], list[CaseStep]]:
        """Return a part's calls and steps, the people in them replaced. Raises PersonLeft."""
        if self.people is None:
            return (
                [entry.chunk for entry in part.entries],
                [entry.step for entry in part.entries if entry.step is not None],
            )
        made = redact_interactions([entry.whole for entry in part.entries], self.people)
        chunks: list[bytes] = []
        steps: list[CaseStep] = []
        captured: frozenset[str] = frozenset()
        searched: list[bytes] = []
        for entry, one in zip(part.entries, made, strict=True):
            short = replace(one, request_body=shorten_body(one.request_body))
            chunks.append(_encode(short))
            searched.append(short.content)
            if entry.step is not None:
                step = make_step(short, entry.call.request_headers, one.request_body, captured)
                captured |= list_captured_ids(step)
                steps.append(step)
        if steps:
            searched.append(self._write_case(part, steps))
        try:
            self.people.check(b"\0".join(searched), str(cassette))
        except SecretLeak as error:
            raise ConfigurationError(str(error)) from None
        return chunks, steps

    def remove_earlier(self) -> list[Path]:
        """Remove the files of an earlier recording of this name that this one has not replaced.

        Return the cassettes removed.
        """
        removed: list[Path] = []
        if self.extends or not self._parts:
            return removed
        kept = {part.name for part in self._parts}
        for path in list_parts(self.folder / self.kind, self.name):
            if path.stem not in kept and is_recorded(path):
                path.unlink(missing_ok=True)
                path.with_suffix(CASE_SUFFIX).unlink(missing_ok=True)
                removed.append(path)
        if self.kind:
            write_manifest(self.folder, {}, LeakScanner())
        return removed

    def _append(self, call: ObservedCall) -> None:
        """Add a call that is without the usual spellings of secrets. Raises Unrecordable."""
        part, entry = self._make_entry(call)
        if self._holds_secret(entry):
            part, entry = self._make_entry(self.secrets.conceal_deeply(call))
            if self._holds_secret(entry):
                raise Unrecordable("a secret is in it that cannot be replaced")
        part.add(entry)
        if part not in self._parts:
            self._parts.append(part)

    def _make_entry(self, call: ObservedCall) -> tuple[_Part, _Entry]:
        """Return an entry of the call, and the file that it belongs to."""
        interaction, body = self._make_interaction(call)
        part = self._open_part(has_case=True)
        step = self._make_step(interaction, call, body, part)
        if step is None:
            part = self._open_part(has_case=False)
        whole = replace(interaction, request_body=body)
        return part, _Entry(call, _encode(interaction), step, whole)

    def _conceal_again(self) -> None:
        """Take newly learnt secrets out of what was recorded before."""
        for part in self._parts:
            part.captured = frozenset()
            entries, part.entries = part.entries, []
            was_saved = part.is_saved
            for entry in entries:
                renewed = self._renew(entry, part)
                if renewed is not entry:
                    was_saved = False
                if renewed is not None:
                    part.add(renewed)
            part.is_saved = was_saved

    def _renew(self, entry: _Entry, part: _Part) -> _Entry | None:
        """Return an entry without the secrets known now, None for one that holds one for good."""
        call = self.secrets.conceal(entry.call)
        if call == entry.call:
            if not self._holds_secret(entry):
                return entry
            call = self.secrets.conceal_deeply(call)
        interaction, body = self._make_interaction(call)
        step = self._make_step(interaction, call, body, part) if part.has_case else None
        whole = replace(interaction, request_body=body)
        renewed = _Entry(call, _encode(interaction), step, whole)
        if self._holds_secret(renewed) or (part.has_case and step is None):
            self.recorded -= 1
            self.taken_out += 1
            return None
        return renewed

    def _make_interaction(self, call: ObservedCall) -> tuple[Interaction, bytes]:
        """Return the call as a cassette holds it, and its whole request body."""
        given = to_interaction(call, self.base)
        (interaction,) = make_canonical([given], self._aliases, LeakScanner())
        return interaction, self._aliases.replace_in_bytes(call.request_body)

    @staticmethod
    def _make_step(
        interaction: Interaction, call: ObservedCall, body: bytes, part: _Part
    ) -> CaseStep | None:
        try:
            return make_step(interaction, call.request_headers, body, part.captured)
        except NoStep:
            return None

    def _holds_secret(self, entry: _Entry) -> bool:
        """Return whether a secret is in what the files stand for, in any encoding, or in them."""
        whole = entry.whole
        searched = [replace(whole, request_body=shorten_body(whole.request_body)).content]
        if entry.step is not None:
            searched.append(case_bytes(make_case("step", "One call.", [entry.step])))
        is_plain = self.secrets.holds_plain_secret(entry.chunk)
        return is_plain or any(map(self.secrets.holds_secret, searched))

    def _open_part(self, *, has_case: bool) -> _Part:
        """Return the file that the next call goes to: the last one, or another if that is full."""
        alike = [part for part in self._parts if part.has_case == has_case]
        if alike and not alike[-1].is_full:
            return alike[-1]
        used = {part.name for part in self._parts} | self._taken
        for name in iterate_names(self.name if has_case else f"{self.name}{OTHER_ENDING}"):
            if name not in used:
                return _Part(name, has_case)
        raise AssertionError  # the names do not end

    def _write_case(self, part: _Part, steps: list[CaseStep]) -> bytes:
        summary = f"A recorded session: {count_noun(len(steps), 'call')}."
        return case_bytes(make_case(part.name, summary, steps))

    def _path(self, part: _Part, suffix: str) -> Path:
        return self.folder / self.kind / f"{part.name}{suffix}"


def describe_taken_out(count: int) -> str:
    """Return in a sentence that calls were taken out of a recording again."""
    return (
        f"{count_noun(count, 'call')} taken out again: a secret that was seen later could not be "
        "replaced in them."
    )


def locate_in_cassette(target: str, base: str) -> str:
    """Return the address that a cassette has for a target; `base` is the path before a call."""
    rest = target.removeprefix(base)
    is_call = target.startswith(base) and rest[:1] in {"", "/", "?"}
    return ADDRESS + API_PATH + rest if is_call else ADDRESS + target


def _decode(call: ObservedCall) -> ObservedCall:
    if len(call.body) > LARGEST_BODY:
        raise Unrecordable(f"its body is over {LARGEST_BODY:,} bytes")
    kept = tuple(line for line in call.headers if line[0] != "content-encoding")
    return msgspec.structs.replace(call, body=call.decode_body(), headers=kept)


def _encode(interaction: Interaction) -> bytes:
    content = serialize_with_vcrpy([interaction])
    return content.removeprefix(_HEAD).removesuffix(_TAIL)


def to_interaction(call: ObservedCall, base: str) -> Interaction:
    """Return a call as an interaction of a cassette, not yet canonical."""
    return Interaction(
        call.method,
        locate_in_cassette(call.target, base),
        _group(call.request_headers),
        call.request_body,
        call.status,
        call.reason,
        _group(call.headers),
        call.body,
    )


def _group(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped
