"""External ids of seeded records: known by number, so that records can point at each other."""

from cmdm_tui.sandbox.schema import ENTITIES, ID_ALPHABET, ID_LENGTH

_IDS = len(ID_ALPHABET) ** ID_LENGTH
# Coprime to 36, so that multiplying by them permutes all ids.
_FACTORS = (1_190_494_759_213, 2_065_879_269_997)
_STARTS = {
    entity: number * 151_516_377_211 + 977_230_416_583 for number, entity in enumerate(ENTITIES)
}

# Two digits at a time: every pair as text, and the number of the pair turned round.
_PAIRS = [one + other for one in ID_ALPHABET for other in ID_ALPHABET]
_TURNED = [other * 36 + one for one in range(36) for other in range(36)]


def seeded_id(entity: str, index: int) -> str:
    """Return the external id of the entity's record number `index` (from 0): no two are alike."""
    number = (index * _FACTORS[0] + _STARTS[entity]) % _IDS
    # Turned round between two multiplications, so that neighbours share no digits.
    rest, fourth = divmod(number, 1_296)
    rest, third = divmod(rest, 1_296)
    first, second = divmod(rest, 1_296)
    number = (_TURNED[fourth] * 1_296 + _TURNED[third]) * 1_296 + _TURNED[second]
    number = (number * 1_296 + _TURNED[first]) * _FACTORS[1] % _IDS
    rest, fourth = divmod(number, 1_296)
    rest, third = divmod(rest, 1_296)
    first, second = divmod(rest, 1_296)
    return _PAIRS[first] + _PAIRS[second] + _PAIRS[third] + _PAIRS[fourth]
