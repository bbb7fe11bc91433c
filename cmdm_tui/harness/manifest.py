"""The manifest of the cassettes, and the outcomes kept beside them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from cmdm_tui.config.files import replace_file
from cmdm_tui.harness.cases import CASES
from cmdm_tui.harness.cassettes import Tape
from cmdm_tui.harness.outcome import Outcome

VERSION = 1


def outcome_path(cassette: Path) -> Path:
    """Return where the outcome of a cassette's case is kept."""
    return cassette.with_suffix(".outcome.json")


def write_outcome(cassette: Path, outcome: Outcome, tape: Tape) -> None:
    """Keep what the client made of a case, with the ids of new records as on its tape."""
    content = tape.canonical(_json(outcome).decode("utf-8"))
    replace_file(outcome_path(cassette), content.encode("utf-8"))


def read_outcome(cassette: Path) -> Outcome:
    """Return what the client made of a case when it was recorded."""
    outcome: Outcome = json.loads(outcome_path(cassette).read_bytes())
    return outcome


def write_manifest(folder: Path) -> None:
    """Write `manifest.json`: for each cassette, its case and the hash of its bytes."""
    says = {case.name: case.says for case in CASES}
    cassettes = {
        path.relative_to(folder).as_posix(): {
            "case": path.stem,
            "says": says.get(path.stem, ""),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*.yaml"))
    }
    replace_file(folder / "manifest.json", _json({"version": VERSION, "cassettes": cassettes}))


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"
