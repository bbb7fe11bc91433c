"""What stands in the place of a file is a line, never a wait: pipes, devices, folders, sockets.

Each door of the real program is led to each kind of odd file.
"""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from cmdm_tui.config import Paths, ProfileStore, UnusableFile, trusted_files
from cmdm_tui.config.bounded_files import LARGEST_INPUT, open_bounded, read_bounded
from cmdm_tui.config.toml_files import read_toml
from cmdm_tui.sandbox import input_files
from cmdm_tui.sandbox.data_folder import DATA_FILE
from tests.claims.odd_service import Rows, serve
from tests.claims.program import environment_of, run_cmdm

DEADLINE = 20.0

PROFILE = """
[profiles.p]
url = "http://127.0.0.1:9"
client_id = "c"
username = "u"
password_command = "touch {ran}"
client_secret_command = "echo x"
"""


def make_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def make_sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o600)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": make_pipe,
    "a socket": make_socket,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a random device": lambda path: path.symlink_to("/dev/urandom"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a folder": lambda path: path.mkdir(mode=0o700),
    "a tebibyte": make_sparse,
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config" / "cmdm").mkdir(parents=True, mode=0o700)
    (tmp_path / "data" / "cmdm" / "catalogs").mkdir(parents=True, mode=0o700)
    return tmp_path


def read_as_client(path: Path) -> bytes:
    return read_bounded(path, LARGEST_INPUT)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("read", [read_as_client, input_files.read_input])
def test_what_is_no_file_is_an_error_at_once(
    tmp_path: Path, kind: str, read: Callable[[Path], bytes]
) -> None:
    path = tmp_path / "x"
    ODD[kind](path)
    with pytest.raises(OSError, match=r"it is|too many levels|symbolic links") as raised:
        read(path)
    assert raised.value.strerror


def test_a_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    assert read_bounded(path, 10) == b"0123456789"
    with pytest.raises(OSError, match="over 9 bytes"):
        read_bounded(path, 9)


def test_a_file_whose_size_is_not_told_is_bounded_too() -> None:
    with pytest.raises(OSError, match="over 3 bytes"):
        read_bounded(Path("/proc/self/maps"), 3)
    assert read_bounded(Path("/proc/self/cmdline"), 1_000_000)


def test_a_pipe_is_read_where_a_command_line_may_name_one(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"SELECT 1")
    os.close(writer)
    assert read_bounded(Path(f"/dev/fd/{reader}"), 100, accepts_pipe=True) == b"SELECT 1"
    os.close(reader)
    make_pipe(tmp_path / "nobody writes")
    assert read_bounded(tmp_path / "nobody writes", 100, accepts_pipe=True) == b""


def test_a_name_that_no_file_can_have_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="no file has such a name"):
        open_bounded(Path("a\0b"), 1)


@pytest.mark.parametrize("kind", ODD)
def test_a_configuration_that_is_none_is_named(home: Path, kind: str) -> None:
    path = home / "config" / "cmdm" / "profiles.toml"
    ODD[kind](path)
    with pytest.raises(UnusableFile, match=r"profiles\.toml cannot be read: "):
        read_toml(path)


@pytest.mark.parametrize("name", ["profiles.toml", "secrets.toml"])
@pytest.mark.parametrize("kind", ["a pipe", "an endless device"])
def test_a_configuration_that_is_none_ends_the_program(home: Path, kind: str, name: str) -> None:
    folder = home / "config" / "cmdm"
    if name == "secrets.toml":
        text = "\n".join(line for line in PROFILE.splitlines() if "_command" not in line)
        (folder / "profiles.toml").write_text(text)
    ODD[kind](folder / name)
    ended = run_cmdm("list", "lead", home=home, deadline=DEADLINE)
    # Of a device, the first thing to say of secrets is that all may read it.
    assert ended.code == (1 if (name, kind) == ("secrets.toml", "an endless device") else 2)
    assert str(folder / name) in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["a pipe", "an endless device", "a tebibyte"])
def test_a_cache_that_is_none_is_a_warning(home: Path, kind: str) -> None:
    with serve(rows=list(Rows(2))) as service:
        name = service.url.replace("://", "_").replace(":", "_")
        folder = home / "data" / "cmdm" / "catalogs"
        odd = [folder / f"{name}.{suffix}" for suffix in ("json", "facts.json", "traits.json")]
        for path in odd:
            ODD[kind](path)
        words = ("query", "SELECT LastName FROM lead")
        ended = run_cmdm(*words, home=home, extra=service.environment, deadline=DEADLINE)
    assert ended.code == 0
    assert "Name 1" in ended.out
    assert [path for path in odd if f"{path} is not used: it is" in ended.err] == odd


@pytest.mark.parametrize("kind", ["a pipe", "an endless device"])
def test_a_history_that_is_none_lasts_for_the_session(home: Path, kind: str) -> None:
    path = home / "data" / "cmdm" / "history"
    ODD[kind](path)
    mode = Path("/dev/zero").stat().st_mode
    with serve() as service:
        child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable, ["-m", "cmdm_tui", "repl"], timeout=DEADLINE, encoding="utf-8",
            dimensions=(24, 200), env=environment_of(home, service.environment), cwd=str(home),
        )  # fmt: skip
        child.expect("It lasts for this session")
        child.sendline("\\q")
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
    assert Path("/dev/zero").stat().st_mode == mode


@pytest.mark.parametrize("kind", ["a pipe", "a folder"])
def test_a_token_file_that_is_none_costs_a_sign_in(home: Path, kind: str) -> None:
    with serve(rows=list(Rows(1))) as service:
        words = ("list", "lead")
        run_cmdm(*words, home=home, extra=service.environment, deadline=DEADLINE)
        kept = list((home / "cache" / "cmdm" / "tokens").iterdir())
        for path in kept:
            path.unlink()
            ODD[kind](path)
        ended = run_cmdm(*words, home=home, extra=service.environment, deadline=DEADLINE)
    assert len(kept) >= 2
    assert ended.code == 0
    assert "ID000000" in ended.out
    assert len(service.sign_ins) == 2


INPUTS = {
    "query": ("query", "-f", "{}"),
    "create": ("create", "lead", "--json", "{}"),
    "faults": ("sandbox", "serve", "--faults", "{}"),
    "credentials": ("sandbox", "serve", "--credentials", "{}"),
    "certificate": ("sandbox", "serve", "--certfile", "{}", "--keyfile", "{}"),
    "baseline": ("fuzz", "--baseline", "{}"),
    "checkpoint": ("query", "--resume", "{}", "SELECT * FROM lead"),
    "cases": ("cases", "list", "--cases", "{folder}"),
    "log": ("--log-file", "{}", "list", "lead"),
}


@pytest.mark.parametrize(
    ("door", "kind"),
    [
        *((door, "a pipe") for door in INPUTS),
        ("query", "an endless device"),
        ("create", "an endless device"),
        ("faults", "an endless device"),
    ],
)
def test_an_input_that_is_none_ends_with_a_line(home: Path, door: str, kind: str) -> None:
    path = home / "x.toml"
    ODD[kind](path)
    words = [word.format(path, folder=home) for word in INPUTS[door]]
    with serve() as service:
        ended = run_cmdm(*words, home=home, extra=service.environment, deadline=DEADLINE)
    assert ended.code in {1, 2}
    assert ended.err.splitlines()[-1].startswith("cmdm: ") or "Error: " in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["credentials.json", DATA_FILE])
def test_a_data_folder_of_pipes_ends_with_a_line(home: Path, name: str) -> None:
    folder = home / "sandbox"
    folder.mkdir()
    make_pipe(folder / name)
    words = ("sandbox", "serve", "--data", str(folder), "--port", "0", "--records", "10")
    ended = run_cmdm(*words, home=home, deadline=DEADLINE)
    assert ended.code == 1
    assert f"{folder / name} cannot be read (it is a pipe" in ended.err


def test_a_script_that_is_no_file_is_told_in_the_repl(home: Path) -> None:
    make_pipe(home / "pipe.sql")
    with serve() as service:
        ended = run_cmdm(
            "repl", home=home, extra=service.environment, stdin=b"\\i pipe.sql\n", deadline=DEADLINE
        )
    assert ended.code == 2
    assert "pipe.sql cannot be read: it is a pipe, not a file" in ended.err


# Who may write the configuration.


def write_profile(home: Path) -> tuple[Path, Path]:
    """Write a profile whose command leaves a file, and return both."""
    path, ran = home / "config" / "cmdm" / "profiles.toml", home / "ran"
    path.write_text(PROFILE.format(ran=ran))
    path.chmod(0o600)
    return path, ran


OPENED: dict[str, Callable[[Path], Path]] = {
    "the file, to all": lambda path: change(path, 0o666),
    "the file, to a group": lambda path: change(path, 0o620, group=12345),
    "the folder, to all": lambda path: change(path.parent, 0o777),
    "the folder, to a group": lambda path: change(path.parent, 0o770, group=12345),
    "the folder above": lambda path: change(path.parent.parent, 0o777),
    "the file is another's": lambda path: change(path, 0o600, owner=12345),
    "the folder is another's": lambda path: change(path.parent, 0o755, owner=12345),
    "the folder above is another's": lambda path: change(path.parent.parent, 0o755, owner=65534),
    "another's sticky folder": lambda path: change(path.parent.parent, 0o1777, owner=65534),
}


def change(path: Path, mode: int, *, owner: int = -1, group: int = -1) -> Path:
    if (owner, group) != (-1, -1):
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, owner, group)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("way", OPENED)
def test_a_configuration_that_others_may_write_is_refused(home: Path, way: str) -> None:
    path, ran = write_profile(home)
    opened = OPENED[way](path)
    store = ProfileStore(Paths(path.parent, home / "data"))
    with pytest.raises(UnusableFile, match="run ch") as raised:
        store.load("p")
    assert f"{opened} " in str(raised.value)
    assert not ran.exists()


def test_the_program_refuses_it_with_exit_2(home: Path) -> None:
    path, ran = write_profile(home)
    path.chmod(0o666)
    ended = run_cmdm("list", "lead", home=home)
    assert ended.code == 2
    assert f"{path} can be written by other users" in ended.err
    assert ended.err.count("\n") == 1
    assert not ran.exists()


@pytest.mark.parametrize("name", ["profile", "linked"])
def test_a_link_counts_with_what_it_leads_to(home: Path, tmp_path: Path, name: str) -> None:
    path, ran = write_profile(home)
    elsewhere = home / "dotfiles"
    elsewhere.mkdir(mode=0o700)
    target = path.rename(elsewhere / "profiles.toml")
    path.symlink_to(target)
    (target if name == "profile" else elsewhere).chmod(0o777)
    with pytest.raises(UnusableFile, match="can be written by other users"):
        read_toml(path)
    assert not ran.exists()


def link_through(path: Path, name: str) -> Path:
    """Let the file be reached by two links, and return the folder of the second."""
    between, last = path.parents[2] / "between", path.parents[2] / "dotfiles"
    between.mkdir(mode=0o700)
    last.mkdir(mode=0o700)
    if name == "file":
        target = path.rename(last / path.name)
        (between / path.name).symlink_to(target)
        path.symlink_to(between / path.name)
    else:
        path.parent.rename(last / "cmdm")
        (between / "cmdm").symlink_to(Path("..", "dotfiles", "cmdm"))
        path.parent.symlink_to(between / "cmdm")
    return between


@pytest.mark.parametrize("name", ["file", "folder"])
def test_every_link_on_the_way_counts(home: Path, name: str) -> None:
    path, ran = write_profile(home)
    between = link_through(path, name)
    assert read_toml(path)["profiles"]
    change(between, 0o777)
    with pytest.raises(UnusableFile, match=f"{between} can be written by other users"):
        read_toml(path)
    change(between, 0o700)
    link = between / (path.name if name == "file" else "cmdm")
    change_owner_of_link(link, 65534)
    with pytest.raises(UnusableFile, match=f"The link {link} belongs to another user"):
        read_toml(path)
    assert not ran.exists()


def change_owner_of_link(link: Path, owner: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a link away")
    os.chown(link, owner, -1, follow_symlinks=False)


@pytest.mark.parametrize("mode", [0o1777, 0o1770, 0o1775], ids=["to all", "to a group", "readable"])
def test_a_sticky_folder_of_its_user_is_accepted(home: Path, mode: int) -> None:
    path, _ = write_profile(home)
    change(path.parent, mode, group=12345)
    assert read_toml(path)["profiles"]


def test_the_program_refuses_another_users_with_exit_2(home: Path) -> None:
    path, ran = write_profile(home)
    change(path, 0o600, owner=65534)
    ended = run_cmdm("list", "lead", home=home)
    assert ended.code == 2
    assert f"{path} belongs to another user" in ended.err
    assert ended.err.count("\n") == 1
    assert not ran.exists()


def test_the_check_of_links_can_fail(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: only the first folder and the last, as it was."""
    path, _ = write_profile(home)
    change(link_through(path, "file"), 0o777)
    with pytest.raises(UnusableFile):
        read_toml(path)

    def list_ends(path: Path, _: Path) -> list[Path]:
        return [path.parent, path.resolve().parent]

    monkeypatch.setattr(trusted_files, "_list_steps", list_ends)
    assert read_toml(path)["profiles"]


@pytest.mark.parametrize(
    "words",
    [
        ("profile", "remove", "p", "--yes"),
        ("logout", "p"),
    ],
    ids=" ".join,
)
def test_no_command_believes_or_changes_it(home: Path, words: tuple[str, ...]) -> None:
    path, _ = write_profile(home)
    path.chmod(0o666)
    before = path.read_bytes()
    ended = run_cmdm(*words, home=home)
    assert ended.code == 2
    assert "can be written by other users" in ended.err
    assert path.read_bytes() == before


def test_a_configuration_of_its_user_alone_is_used(home: Path) -> None:
    path, _ = write_profile(home)
    path.chmod(0o644)
    path.parent.chmod(0o755)
    assert read_toml(path)["profiles"]


def _accept(_: object) -> bool:
    return True


def _refuse(_: object) -> bool:
    return False


def test_the_check_can_fail(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = write_profile(home)
    path.chmod(0o666)
    with pytest.raises(UnusableFile):
        read_toml(path)
    monkeypatch.setattr(trusted_files, "_others_may_write", _refuse)
    assert read_toml(path)["profiles"]


def test_the_group_that_a_user_has_alone_may_write(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = write_profile(home)
    path.chmod(0o664)
    path.parent.chmod(0o775)
    monkeypatch.setattr(trusted_files, "is_private_group", _accept)
    assert read_toml(path)
    monkeypatch.setattr(trusted_files, "is_private_group", _refuse)
    with pytest.raises(UnusableFile):
        read_toml(path)


def test_a_group_of_all_users_is_nobodys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import grp
    import pwd
    from types import SimpleNamespace as Entry

    def is_private(name: str, members: list[str], first: int = 100) -> bool:
        def find_user(_: int) -> Entry:
            return Entry(pw_name="ann", pw_gid=first)

        def find_group(_: int) -> Entry:
            return Entry(gr_name=name, gr_mem=members)

        monkeypatch.setattr(pwd, "getpwuid", find_user)
        monkeypatch.setattr(grp, "getgrgid", find_group)
        return trusted_files.is_private_group(100)

    assert is_private("ann", [])
    assert is_private("ann", ["ann"])
    assert not is_private("users", [])
    assert not is_private("ann", ["bob"])
    assert not is_private("ann", [], first=7)


def test_where_files_have_no_owners_nothing_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = write_profile(home)
    path.chmod(0o666)
    monkeypatch.delattr(os, "geteuid")
    assert read_toml(path)["profiles"]


def test_without_the_check_of_its_kind_a_pipe_would_hold_the_program(home: Path) -> None:
    """The broken twin: opened as any file, this pipe is waited for."""
    import multiprocessing

    path = home / "pipe"
    make_pipe(path)
    process = multiprocessing.get_context("fork").Process(target=path.read_bytes)
    process.start()
    process.join(0.3)
    assert process.is_alive()
    process.terminate()
    process.join()
