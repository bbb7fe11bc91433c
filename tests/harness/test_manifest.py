"""The manifest names each cassette as soon as it is recorded, whatever ends the recording."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.harness.cases.format import CaseError
from cmdm_tui.harness.cassettes.case_recorder import record_cases
from cmdm_tui.harness.cassettes.library import list_entries, select_entries
from cmdm_tui.harness.cassettes.manifest import (
    JOURNAL_NAME,
    MANIFEST_NAME,
    ManifestEntry,
    add_to_manifest,
    find_faults,
    make_entry,
    read_manifest,
    repair_manifest,
    write_manifest,
)
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from tests.harness.conftest import ControlledSandbox
from tests.harness.recorded_cases import ALL


def list_unnamed(controlled: ControlledSandbox, into: Path) -> list[str]:
    """Return what a recording that is killed after its second cassette leaves without a line."""
    found = select_entries(ALL, ["get-account", "get-lead", "get-contact"])
    with controlled.service() as target:
        results = record_cases(found, target, into, name="sandbox")
        recorded = [next(results).entry.key, next(results).entry.key]
        # Read before the generator ends, as it would be after kill -9.
        named = read_manifest(into)
    return [key for key in recorded if key not in named]


def test_a_cassette_is_in_the_manifest_as_soon_as_it_is_recorded(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    assert list_unnamed(controlled, tmp_path) == []


def test_a_manifest_that_is_written_at_the_end_would_lack_them(
    controlled: ControlledSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin of the test above."""

    def write_at_the_end(*_: object) -> None:
        pass

    where = "cmdm_tui.harness.cassettes.case_recorder.add_to_manifest"
    monkeypatch.setattr(where, write_at_the_end)
    assert len(list_unnamed(controlled, tmp_path)) == 2


def test_the_manifest_is_written_once_and_adopts_what_a_killed_recording_has_left(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    into, killed = tmp_path / "into", tmp_path / "killed"
    found = select_entries(ALL, ["get-account", "get-lead", "get-contact"])
    with controlled.service() as target:
        results = record_cases(found, target, into, name="sandbox")
        next(results)
        next(results)
        # What kill -9 leaves, in the middle of the next line.
        shutil.copytree(into, killed)
        with (killed / JOURNAL_NAME).open("ab") as journal:
            journal.write(b'{"contract/get-lead.yaml":{"case_sh')
        assert sorted(path.name for path in killed.iterdir()) == ["contract", JOURNAL_NAME]
        left = list_entries(killed)
        assert [find_faults(one, read_manifest(killed)) for one in left] == [[], []]
        list(results)
        assert sorted(path.name for path in into.iterdir()) == ["contract", MANIFEST_NAME]
        list(record_cases(found[2:], target, killed, name="sandbox"))
    assert sorted(path.name for path in killed.iterdir()) == ["contract", MANIFEST_NAME]
    assert (killed / MANIFEST_NAME).read_bytes() == (into / MANIFEST_NAME).read_bytes()
    assert len(read_manifest(killed)) == 3


def an_entry(folder: Path, target: str = "sandbox") -> ManifestEntry:
    file = folder / "a.toml"
    file.write_text("kept")
    return make_entry(file, file, target, {})


def test_a_line_that_comes_while_the_manifest_is_written_stays_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, scanner = an_entry(tmp_path), LeakScanner()
    (tmp_path / "b.toml").write_text("kept")
    add_to_manifest(tmp_path, "a.yaml", entry, scanner)

    def write_late(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        add_to_manifest(tmp_path, "b.yaml", entry, scanner)

    with monkeypatch.context() as patch:
        patch.setattr("cmdm_tui.harness.cassettes.manifest.replace_file", write_late)
        write_manifest(tmp_path, {}, scanner)
    assert b"b.yaml" not in (tmp_path / MANIFEST_NAME).read_bytes()
    assert read_manifest(tmp_path).keys() == {"a.yaml", "b.yaml"}
    write_manifest(tmp_path, {}, scanner)
    assert not (tmp_path / JOURNAL_NAME).exists()
    assert read_manifest(tmp_path).keys() == {"a.yaml", "b.yaml"}


def test_an_empty_journal_is_removed(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).touch()
    write_manifest(tmp_path, {}, LeakScanner())
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST_NAME]


def test_a_journal_that_holds_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(b"[]\n")
    with pytest.raises(CaseError) as told:
        read_manifest(tmp_path)
    assert str(told.value).startswith(f"{tmp_path / JOURNAL_NAME} cannot be read: Expected `obj")
    assert "cmdm record puts it aside" in str(told.value)


def make_folder_of_two(folder: Path) -> dict[str, ManifestEntry]:
    (folder / "live").mkdir()
    for name in ("a.toml", "live/b.toml", "live/b.yaml", "live/c.toml", "live/c.yaml"):
        (folder / name).write_text("kept")
    entry = an_entry(folder)
    made = {"live/b.yaml": entry, "live/c.yaml": entry}
    write_manifest(folder, made, LeakScanner())
    return made


def cut_last_line(content: bytes) -> bytes:
    return content[: content.rindex(b"live/c") + 20]


def change_version(content: bytes) -> bytes:
    return content.replace(b'"version": 2', b'"version": 9')


def add_conflict(content: bytes) -> bytes:
    first = content.splitlines()[3]
    return content.replace(first, b"<<<<<<< ours\n" + first + b"\n=======\n>>>>>>> theirs")


@pytest.mark.parametrize(
    ("damage", "unnamed"),
    [(cut_last_line, ("live/c.yaml",)), (change_version, ()), (add_conflict, ())],
)
def test_a_manifest_that_cannot_be_read_is_put_aside_and_its_whole_lines_kept(
    damage: Callable[[bytes], bytes], unnamed: tuple[str, ...], tmp_path: Path
) -> None:
    made = make_folder_of_two(tmp_path)
    assert repair_manifest(tmp_path, LeakScanner()) is None
    path = tmp_path / MANIFEST_NAME
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    with pytest.raises(CaseError, match="cmdm record puts it aside"):
        read_manifest(tmp_path)
    repaired = repair_manifest(tmp_path, LeakScanner())
    assert repaired is not None
    assert repaired.unnamed == unnamed
    assert repaired.kept == 2 - len(unnamed)
    assert [aside.read_bytes() for aside in repaired.aside] == [broken]
    kept = {key: entry for key, entry in made.items() if key not in unnamed}
    assert read_manifest(tmp_path) == kept


def test_a_journal_that_cannot_be_read_is_put_aside_with_the_manifest(tmp_path: Path) -> None:
    made = make_folder_of_two(tmp_path)
    add_to_manifest(tmp_path, "live/b.yaml", made["live/c.yaml"], LeakScanner())
    with (tmp_path / JOURNAL_NAME).open("ab") as journal:
        journal.write(b"[]\n")
    for number in range(2):
        repaired = repair_manifest(tmp_path, LeakScanner())
        assert (repaired is None) == (number == 1)
    assert read_manifest(tmp_path) == made


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).mkdir()
    with pytest.raises(ConfigurationError, match=r"manifest\.journal cannot be written: Is a dir"):
        add_to_manifest(tmp_path, "a.yaml", an_entry(tmp_path), LeakScanner())


def test_a_secret_is_written_into_no_manifest(tmp_path: Path) -> None:
    secret = "h4H.n7:Pd1$Ye9-B"
    entry = an_entry(tmp_path, f"https://crm.example.com/{secret}")
    with pytest.raises(SecretLeak):
        write_manifest(tmp_path, {"a.yaml": entry}, LeakScanner({secret}))
    with pytest.raises(SecretLeak):
        add_to_manifest(tmp_path, "a.yaml", entry, LeakScanner({secret}))
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]
