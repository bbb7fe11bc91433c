"""What a fuzz example does, a step at a time: send a request, move the clock, set the limit."""

from dataclasses import dataclass

from cmdm_tui.harness.calls import CallRequest


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Let time pass on the service's clock, where there is a control plane."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SetCallsLeft:
    """Set the hour's limit so that so few calls are left, where there is a control plane."""

    calls: int


FuzzStep = CallRequest | AdvanceClock | SetCallsLeft
