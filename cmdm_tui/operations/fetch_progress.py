"""Says how far a fetch has come, in one line: calls made, of how many at most."""

_WIDTH = 16


def describe_fetching(calls: int, most_calls: int) -> str:
    """Return the line: a bar and the calls; it fits a terminal of 80 columns.

    Where no call is needed, there is nothing to fill a bar with.
    """
    if most_calls <= 0:
        return "Computing without a call"
    done = min(calls / most_calls, 1.0)
    bar = ("#" * round(done * _WIDTH)).ljust(_WIDTH, "-")
    return f"Fetching [{bar}] {calls:,} of at most {most_calls:,} calls"
