"""External ids of another form: the sandbox's own inside a longer or odder one.

The eight characters stand between a fixed head and tail, so that every id can be told back and the
order by `ExternalID` stays.
"""

_HEADS_AND_TAILS = {
    "long": ("crm.records.0190a6c4-7f52-7cc1-9d1e-5b2f3a4c6d7e." + "0" * 180, "-" + "f" * 40),
    "odd": ("a/b ?#%é😀&=+\"';<", ">|\\..:@"),
}


def to_client_id(form: str, external_id: str) -> str:
    """Return the id as clients see it."""
    if form not in _HEADS_AND_TAILS:
        return external_id
    head, tail = _HEADS_AND_TAILS[form]
    return head + external_id + tail


def to_stored_id(form: str, shown: str) -> str:
    """Return the id behind what a client sent; what is not of the form is no record's id."""
    if form not in _HEADS_AND_TAILS:
        return shown
    head, tail = _HEADS_AND_TAILS[form]
    if len(shown) > len(head) + len(tail) and shown.startswith(head) and shown.endswith(tail):
        return shown[len(head) : len(shown) - len(tail)]
    return ""
