"""A stand-in for the `keyring` package, of the temper that a test asks for."""

import json
import shutil
from pathlib import Path
from typing import Literal

KeyringMode = Literal["working", "hanging", "failing", "forgetting", "plain text", "missing"]

_SOURCE = """
import json, pathlib, threading
TEMPER = {temper!r}
FILE = pathlib.Path({file!r})
if TEMPER == "missing":
    raise ModuleNotFoundError("No module named 'keyring'", name="keyring")
class Backend: ...
class PlaintextKeyring: ...
def get_keyring():
    return PlaintextKeyring() if TEMPER == "plain text" else Backend()
def _held():
    if TEMPER == "hanging":
        threading.Event().wait()
    if TEMPER == "failing":
        raise RuntimeError("hunter2 in a message")
    return json.loads(FILE.read_text()) if FILE.exists() else {{}}
def get_password(service, name):
    return _held().get(f"{{service}} {{name}}")
def set_password(service, name, value):
    held = {{**_held(), f"{{service}} {{name}}": value}}
    if TEMPER != "forgetting":
        FILE.write_text(json.dumps(held))
def delete_password(service, name):
    held = _held()
    del held[f"{{service}} {{name}}"]
    FILE.write_text(json.dumps(held))
"""


class FakeKeyring:
    """A folder for `sys.path` that holds a module `keyring`; what it keeps is in a file."""

    def __init__(self, folder: Path, temper: KeyringMode) -> None:
        self.folder = folder
        self.file = folder / "kept.json"
        folder.mkdir(exist_ok=True)
        # Python takes compiled code for current by the second and the size of its source.
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        source = _SOURCE.format(temper=temper, file=str(self.file))
        (folder / "keyring.py").write_text(source)

    @property
    def stored(self) -> dict[str, str]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}
