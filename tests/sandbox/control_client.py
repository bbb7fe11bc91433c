"""A small client of the control plane: one method a call."""

from dataclasses import dataclass
from typing import Any

import httpx

from cmdm_tui.sandbox import RunningInfo


@dataclass(frozen=True)
class ControlPlaneClient:
    """The control plane of a running sandbox."""

    http: httpx.Client

    @classmethod
    def of(cls, info: RunningInfo) -> "ControlPlaneClient":
        assert info.control is not None
        bearer = {"Authorization": f"Bearer {info.control_token}"}
        # Loading certificates takes longer than a call, which needs none.
        http = httpx.Client(
            base_url=info.control,
            headers=bearer,
            verify=False,
            # Well before the sandbox closes an idle connection, however slow this machine is.
            limits=httpx.Limits(keepalive_expiry=1.0),
        )
        return cls(http)

    def snapshot(self, name: str = "saved") -> None:
        self._result(self.http.post("/snapshot", json={"name": name}))

    def restore(self, name: str = "saved", *, calls: bool = False) -> None:
        self._result(self.http.post("/restore", json={"name": name, "calls": calls}))

    def reset(self) -> None:
        self._result(self.http.post("/reset"))

    def overview(self) -> dict[str, Any]:
        return self._result(self.http.get(""))

    def clock(self, **moved: float | bool) -> dict[str, Any]:
        if not moved:
            return self._result(self.http.get("/clock"))
        return self._result(self.http.post("/clock", json=moved))

    def settings(self, **changed: int | None) -> dict[str, Any]:
        if not changed:
            return self._result(self.http.get("/settings"))
        return self._result(self.http.patch("/settings", json=changed))

    def listed(self) -> list[dict[str, Any]]:
        return self._result(self.http.get("/behaviours"))

    def behave(self, **choices: str) -> dict[str, str]:
        """Choose these behaviours, and the sandbox's own way everywhere else."""
        return self._result(self.http.put("/behaviours", json=choices))

    def faults(self) -> list[dict[str, Any]]:
        return self._result(self.http.get("/faults"))["faults"]

    def go_wrong(self, *faults: dict[str, Any], seed: int = 0) -> None:
        """Let these faults strike, and no others."""
        self._result(self.http.put("/faults", json={"seed": seed, "faults": faults}))

    @staticmethod
    def _result(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]
