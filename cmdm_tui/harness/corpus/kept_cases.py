"""Values that come back as they were written: text to the letter, numbers to the digit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cmdm_tui.harness.cases.format import Case, CaseStep, Filling
from cmdm_tui.harness.corpus.case_steps import ValidCall, json_text, make_valid_call, read_step
from cmdm_tui.harness.corpus.sample_entities import ENTITIES, SampleWords
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs.bodies import BIG_NUMBERS, DECIMALS, NFC_TEXTS, NFD_TEXTS

_CALLS: tuple[tuple[Call, str, str], ...] = (
    ("create", "lead", "lead"), ("create-task", "account", "task"),
    ("create-opportunity", "contact", "opportunity"), ("update", "lead", "lead"),
)  # fmt: skip
"""Each call, the entity that it is about, and that of the record it writes."""

_TEXT_FIELDS: Mapping[str, tuple[str, str]] = {
    "lead": ("Company", "Notes"), "task": ("Owner", "Notes"), "opportunity": ("Owner", "Notes"),
}  # fmt: skip
_LONGEST = (Filling(text="é", times=254), Filling(text="x", times=3_999))
"""What fills those two fields in the sandbox, with one more letter."""
_NUMBER_FIELDS: Mapping[str, tuple[str, str]] = {
    "lead": ("Score", "EstimatedValue"), "opportunity": ("Probability", "Amount"),
}  # fmt: skip
_TEXTS = {
    "text-nfc": (NFC_TEXTS, "text with composed accents"),
    "text-nfd": (NFD_TEXTS, "text with decomposed accents"),
}
_NUMBERS = {
    "number-beyond-2-53": (BIG_NUMBERS, "whole numbers that a double does not hold"),
    "number-decimals": (DECIMALS, "decimals that rounding would change"),
}


def kept_cases(seed: int) -> Iterator[Case]:
    """Yield the cases: each value is written in one call, and read in the next."""
    for call, entity, written in _CALLS:
        words = SampleWords(seed, f"kept {call}")
        one = _KeptRecord(make_valid_call(call, words, entity), written, words)
        fields = (one.name_field, *_TEXT_FIELDS[written])
        for kind, (texts, told) in _TEXTS.items():
            yield one.make_case(kind, told, "create, update", one.write_each(fields, texts))
        longest = [
            step
            for field, filling in zip(_TEXT_FIELDS[written], _LONGEST, strict=True)
            for step in one.write_and_read({field: "${filling}Z"}, filling)
        ]
        told = "text as long as its field allows"
        yield one.make_case("text-of-max-length", told, "create, update", longest)
        if written in _NUMBER_FIELDS:
            source = "On the wire: Number and Currency decimal text"
            for kind, (numbers, told) in _NUMBERS.items():
                steps = one.write_each(_NUMBER_FIELDS[written], numbers)
                yield one.make_case(kind, told, source, steps)


@dataclass(frozen=True, slots=True)
class _KeptRecord:
    """A call that writes a record of `entity`, whose required fields get `words`."""

    call: ValidCall
    entity: str
    words: SampleWords

    @property
    def name_field(self) -> str:
        """The field that marks the record."""
        return ENTITIES[self.entity].name_field

    def write_each(self, fields: Sequence[str], values: Sequence[str]) -> list[CaseStep]:
        """Return the steps that write and read all values, as many at a time as fields."""
        size = len(fields)
        groups = [values[start : start + size] for start in range(0, len(values), size)]
        return [
            step
            for group in groups
            for step in self.write_and_read(dict(zip(fields, group, strict=False)))
        ]

    def write_and_read(
        self, given: Mapping[str, str], filling: Filling | None = None
    ) -> tuple[CaseStep, CaseStep]:
        """Return the call that writes these values, and a reading that expects them."""
        required = self.words.fill(ENTITIES[self.entity].required)
        marked = {
            name: f"{value} ${{mark}}" if name == self.name_field else value
            for name, value in given.items()
        }
        written = self.call.with_changes(body=json_text({**required, **marked}), filling=filling)
        values = {f"/Properties/{name}": value for name, value in marked.items()}
        read = read_step(f"/{self.entity}/${{{self.entity}}}", values=values)
        return written, msgspec.structs.replace(read, filling=filling)

    def make_case(self, kind: str, told: str, source: str, steps: Sequence[CaseStep]) -> Case:
        """Return the case of an input class."""
        return Case(
            name=f"{self.call.call}-body-{kind}",
            summary=f"{self.call.call} keeps {told}.",
            endpoint=self.call.call,
            input_class=f"body:{kind}",
            certainty="ours",
            source=source,
            steps=(*self.call.before, *steps),
        )
