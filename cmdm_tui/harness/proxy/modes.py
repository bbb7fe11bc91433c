"""The modes of the recording proxy."""

from typing import Literal

Mode = Literal["once", "new", "rewrite", "spy", "diff"]
"""What answers, and what is recorded.

`once`: the cassette alone where there is one, else the service, recorded. `new`: each recorded
answer once, else the service, recorded in addition. `rewrite`: the service; the recording is
replaced. `spy`: as `new`, but recorded answers are given again and again. `diff`: the service;
nothing is recorded, and what differs from the cassette is reported. With `new` and `spy`, a sign-in
goes to the service in any case, as its token is needed there.
"""

MODES: tuple[Mode, ...] = Mode.__args__
