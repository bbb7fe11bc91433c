"""What a test can change in a running sandbox: its time, records, limits, behaviours and faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cmdm_tui.sandbox.auth import TokenIssuer
from cmdm_tui.sandbox.clock import VirtualClock, format_datetime
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.faults.plan import FaultSchedule
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.storage.store import Store
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS, BehaviourChoices

INITIAL_SNAPSHOT = "beginning"
"""The name under which the records are saved before the first request is answered."""

# 9999-01-01T00:00:00Z: the wire can say no year after that, and the clock may run on for this one.
_LATEST_TIME = 253_370_764_800.0
_HIGHEST_SETTINGS = {"rate_limit": 10**12, "month_limit": 10**12, "token_ttl": 10**9}


@dataclass(frozen=True, slots=True)
class SandboxControls:
    """The parts of a sandbox that can be changed while it runs.

    Every method raises `SettingError`, whose message is one sentence, for what cannot be done.
    """

    config: SandboxConfig
    store: Store
    clock: VirtualClock
    tokens: TokenIssuer
    limits: CallLimiter
    behaviours: BehaviourChoices
    faults: FaultSchedule

    # Records

    async def save_initial_state(self, on_begun: Callable[[], None]) -> None:
        """Save the records as they are when `on_begun` is called, to be able to reset."""
        await self.store.save_snapshot(INITIAL_SNAPSHOT, on_begun)

    def list_snapshots(self) -> list[str]:
        """Return the names of what was saved."""
        return self.store.snapshot_names

    async def save_snapshot(self, name: str) -> None:
        """Save all records under `name`."""
        await self.store.save_snapshot(name)

    async def restore_snapshot(self, name: str, *, calls: bool) -> None:
        """Restore the records of `name`; with `calls`, count calls from zero too.

        Tokens stay good, and the clock, the settings and the behaviours stay as they are.
        """
        if name not in self.store.snapshot_names:
            raise SettingError(f"Nothing is saved as {name!r}.")
        await self.store.restore_snapshot(name)
        if calls:
            await self.store.reset_call_counts()

    async def reset(self) -> None:
        """Restore everything to its state at the start, except the tokens, which stay good."""
        await self.restore_snapshot(INITIAL_SNAPSHOT, calls=True)
        self.clock.reset()
        self.tokens.lifetime = self.config.token_ttl
        self.limits.per_hour = self.config.rate_limit
        self.limits.per_month = self.config.month_limit
        self.behaviours.replace(self.config.behaviours)
        self.faults.replace(self.config.faults)

    # Time

    def read_clock(self) -> dict[str, object]:
        """Return the time, and whether the clock is frozen."""
        now = self.clock.now()
        return {"now": now, "time": format_datetime(now), "stands": self.clock.is_frozen}

    def move_clock(
        self, *, now: float | None = None, advance: float | None = None, stands: bool | None = None
    ) -> None:
        """Set the clock, move it by some seconds, and freeze or resume it: in this order."""
        moved = (self.clock.now() if now is None else now) + (advance or 0.0)
        if not 0 <= moved <= _LATEST_TIME:
            raise SettingError("The clock can be set from 1970 to the beginning of the year 9999.")
        if now is not None or advance is not None:
            self.clock.set(moved)
        if stands is not None:
            (self.clock.freeze if stands else self.clock.resume)()

    # Settings

    def read_settings(self) -> dict[str, int | None]:
        """Return the limits in calls, a token's life in seconds, and the cap of a page."""
        return {
            "rate_limit": self.limits.per_hour,
            "month_limit": self.limits.per_month,
            "token_ttl": self.tokens.lifetime,
            "page_cap": self.behaviours.get_number("page_cap"),
        }

    def change_settings(self, given: Mapping[str, int | None]) -> None:
        """Change some settings; `page_cap` None goes back to the sandbox's own cap."""
        unknown = given.keys() - {*_HIGHEST_SETTINGS, "page_cap"}
        if unknown:
            raise SettingError(f"There is no setting {min(unknown)!r}.")
        for name, highest in _HIGHEST_SETTINGS.items():
            value = given.get(name, 1)
            if value is None or not 1 <= value <= highest:
                raise SettingError(f"{name} must be a whole number from 1 to {highest:,}.")
        if "page_cap" in given:
            cap = given["page_cap"]
            choice = BEHAVIOURS["page_cap"].default if cap is None else str(cap)
            self.behaviours.choose({"page_cap": choice})
        self.limits.per_hour = given.get("rate_limit") or self.limits.per_hour
        self.limits.per_month = given.get("month_limit") or self.limits.per_month
        self.tokens.lifetime = given.get("token_ttl") or self.tokens.lifetime

    # Behaviours

    def list_behaviours(self) -> list[dict[str, object]]:
        """Return every behaviour with its row of api.md, its choices and the current one."""
        return [
            {
                "name": one.name,
                "row": one.row,
                "choices": list(one.choices),
                "numbers": None if one.numbers is None else list(one.numbers),
                "current": self.behaviours[one.name],
            }
            for one in BEHAVIOURS.values()
        ]

    # Faults

    def list_faults(self) -> dict[str, object]:
        """Return the faults with how many requests matched each, and how many it struck."""
        return {"seed": self.faults.seed, "faults": list(self.faults.list_counts())}
