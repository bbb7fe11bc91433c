"""External ids of seeded records: known by number, so that records can point at each other."""

from cmdm_tui.sandbox.schema import ENTITIES, ID_ALPHABET, ID_LENGTH

_IDS = len(ID_ALPHABET) ** ID_LENGTH
# Coprime to 36, so that multiplying by them permutes all ids.
_FACTORS = (1_190_494_759_213, 2_065_879_269_997)


def seeded_id(entity: str, index: int) -> str:
    """Return the external id of the entity's record number `index` (from 0): no two are alike."""
    start = list(ENTITIES).index(entity) * 151_516_377_211 + 977_230_416_583
    number = (index * _FACTORS[0] + start) % _IDS
    # Turned round between two multiplications, so that neighbours share no digits.
    number = int(_base_36(number)[::-1], 36) * _FACTORS[1] % _IDS
    return _base_36(number)


def _base_36(number: int) -> str:
    digits: list[str] = []
    for _ in range(ID_LENGTH):
        number, digit = divmod(number, 36)
        digits.append(ID_ALPHABET[digit])
    return "".join(reversed(digits))
