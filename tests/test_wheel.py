"""What a user installs: the wheel alone is typed, and describes itself wherever it is shown."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://code.example.com/crm/cmdm"
pytestmark = pytest.mark.timeout(300)

CONSUMER = '''\
"""A program of a user, who has the wheel and no checkout."""

import asyncio
from collections.abc import Callable

import cmdm_tui
from cmdm_tui import AppliedChanges, ChangeError, ChangePreview, EntryState, RejectedChanges
from cmdm_tui.api import ApiError, Client, Credentials, OutcomeUnknown, Record, SecretStr
from cmdm_tui.pytest_plugin.sandbox_server import SandboxServer


async def read_names(client: Client) -> list[str]:
    """Return last names."""
    page = await client.page("lead", fields=["LastName"], per_page=10, page=1)
    records: tuple[Record, ...] = page.records
    return [str(record.properties["LastName"]) for record in records]


async def create(client: Client) -> str | None:
    """Create a lead, whose id may be unknown."""
    try:
        return (await client.create("lead", {"LastName": "Jones"})).external_id
    except OutcomeUnknown as error:
        return (await client.reconcile(error)).external_id
    except ApiError as error:
        print(error.hint)
        return None


async def query() -> int | None:
    """Query an account."""
    async with cmdm_tui.connect("acme") as cm:
        async for row in cm.query("SELECT LastName, Score FROM lead"):
            print(row["LastName"], row.Score)
        result = await cm.query("SELECT * FROM lead", max_calls=20)
        if result.partial:
            result = await cm.resume(result)
    return result.stats.calls_used


async def change(lead_id: str) -> int:
    """Change records, and take the changes back."""
    async with cmdm_tui.connect("acme") as cm:
        changes = cm.changes("Fair")
        account = changes.create("account", {"Name": "Mill"})
        changes.create("contact", {"LastName": "Ng", "AccountExternalID": account})
        changes.create("task", {"Subject": "Ring"}, parent=("lead", lead_id))
        changes.update("lead", lead_id, {"Score": 5, "Notes": None})
        changes.sql("DELETE FROM lead WHERE Score > $most", parameters={"most": 99})
        preview: ChangePreview = await changes.preview()
        rows = [(row.field, row.old, row.new) for row in preview.rows()]
        try:
            applied: AppliedChanges = await changes.apply(max_writes=10)
            applied.raise_for_failures()
        except RejectedChanges as error:
            print(error.rejects[0].reason)
            return 0
        except ChangeError as error:
            print(error.hint, changes.run_id)
            return 0
        if applied.run_id is not None:
            await cm.resume_run(applied.run_id)
            await cm.undo(applied.run_id).apply(skip_rejected=True)
    return applied.counts.get(EntryState.DONE, 0) + len(rows)


def push(cmdm_sandbox: SandboxServer, send: Callable[[str, dict[str, str]], None]) -> None:
    """Test an integration."""
    send(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers)


secret = SecretStr("s")
client = Client("https://crm.example.com", Credentials(secret, secret, "ann", secret))
asyncio.run(read_names(client))
'''


def build(kind: str, source: Path, folder: Path, repository: str) -> Path:
    """Build `wheel` or `sdist` with the tools of this environment: no network is needed."""
    ended = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)],
        cwd=source,
        env={**os.environ, "CMDM_REPOSITORY": repository},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"), REPOSITORY)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that has the wheel, and borrows the packages that it depends on."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder)
    words = ["-m", "pip", "--python", str(folder), "install", "--quiet", "--no-index", "--no-deps"]
    # Python compiles the few modules that are run here.
    subprocess.run([sys.executable, *words, "--no-compile", str(wheel)], check=True)
    # As plain folders on the path: the checkout's own .pth file is not read from there.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages(folder) / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return folder


def site_packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python*/site-packages"))


def type_errors(environment: Path, folder: Path) -> list[str]:
    """Return what a strict check of the consumer finds."""
    folder.mkdir()
    (folder / "consumer.py").write_text(CONSUMER)
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    python = environment / "bin" / "python"
    ended = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", str(python)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(ended.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    return [one["message"] for one in report["generalDiagnostics"]]


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        name = next(one for one in packed.namelist() if one.endswith("/METADATA"))
        return message_from_bytes(packed.read(name))


def readme(wheel: Path) -> str:
    text = metadata(wheel).get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode()


def test_a_strictly_typed_program_can_use_the_wheel(installed: Path, tmp_path: Path) -> None:
    assert (site_packages(installed) / "cmdm_tui" / "py.typed").exists()
    assert type_errors(installed, tmp_path / "consumer") == []


def test_the_type_check_reads_the_installed_copy(installed: Path, tmp_path: Path) -> None:
    # A copy, as the others use the whole one.
    broken = shutil.copytree(installed, tmp_path / "environment", symlinks=True)
    shutil.rmtree(site_packages(broken) / "cmdm_tui" / "api")
    assert any("cmdm_tui.api" in error for error in type_errors(broken, tmp_path / "consumer"))


def test_the_installed_command_runs(installed: Path, tmp_path: Path) -> None:
    program = [str(installed / "bin" / "cmdm"), "cases", "list", "get-lead"]
    ended = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "get-lead" in ended.stdout
    where = "import cmdm_tui; print(cmdm_tui.__file__)"
    python = [str(installed / "bin" / "python"), "-c", where]
    ended = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(ended.stdout.strip()).is_relative_to(installed)


def test_the_readme_leads_somewhere_outside_the_repository(wheel: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", readme(wheel))
    assert f"{REPOSITORY}/raw/HEAD/.github/explorer/records.svg" in targets
    assert [one for one in targets if not one.startswith("https://")] == []
    urls = dict(one.split(", ") for one in metadata(wheel).get_all("Project-URL", []))
    assert urls["Repository"] == REPOSITORY


def test_without_a_known_repository_no_address_is_made_up(tmp_path: Path) -> None:
    wheel = build("wheel", ROOT, tmp_path, "")
    assert re.findall(r"\]\((?!https://)[^)]*\)", readme(wheel)) == []
    assert "records.svg" not in readme(wheel)
    assert metadata(wheel).get_all("Project-URL") is None


def test_a_wheel_built_from_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "archive", REPOSITORY)
    shutil.unpack_archive(archive, tmp_path / "source")
    source = next((tmp_path / "source").iterdir())
    again = build("wheel", source, tmp_path / "again", "")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert {one.filename: one.CRC for one in first.infolist()} == {
            one.filename: one.CRC for one in second.infolist()
        }
