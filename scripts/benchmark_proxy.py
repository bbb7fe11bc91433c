"""What a call costs through the recording proxy, next to the same call made directly."""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_CMDM = (sys.executable, "-m", "cmdm_tui")
_ROUNDS = 10
_CALLS = 40
_PATH = "/api/v1/lead?per_page=5&page=1"


def proxy(_data: Path) -> None:
    """Compare calls through the proxy, which records them, with calls made directly."""
    temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with temporary as folder, _serve(folder) as sandbox:
        url, token = sandbox["url"], _sign_in(sandbox)
        with _run_proxy(url, folder) as (address, process):
            began = _read_processor_time(process)
            pairs: list[tuple[float, float]] = []
            for _ in range(_ROUNDS + 1):
                pairs.append((_time_calls(address, token), _time_calls(url, token)))
                # The recording is written meanwhile; it is not to be what is measured.
                time.sleep(1)
            used = (_read_processor_time(process) - began) / ((_ROUNDS + 1) * _CALLS)
    added = sorted((through - direct) * 1000 for through, direct in pairs[1:])
    ratios = sorted(through / direct for through, direct in pairs[1:])
    through, direct = (statistics.median(column) * 1000 for column in zip(*pairs[1:], strict=True))
    print(
        f"a call through the recording proxy: {through:.2f} ms against {direct:.2f} ms directly, "
        f"{statistics.median(added):.2f} ms more ({added[0]:.2f} to {added[-1]:.2f}), ratio "
        f"{statistics.median(ratios):.2f}, {_ROUNDS} pairs of {_CALLS} calls; "
        f"{used * 1000:.2f} ms of the proxy's processor time a call"
    )


def _time_calls(url: str, token: str) -> float:
    """Return the median seconds of a call, over one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    seconds: list[float] = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        connection.request("GET", _PATH, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        assert answer.status == 200
    connection.close()
    return statistics.median(seconds)


def _read_processor_time(process: int) -> float:
    """Return the seconds of processor time that a process has used; 0 where Linux is not."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.is_file():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _sign_in(sandbox: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(urlsplit(sandbox["url"]).netloc)
    names = ("client_id", "client_secret", "username", "password")
    connection.request(
        "POST", "/api/v1/authenticate", headers={name: sandbox[name] for name in names}
    )
    token: str = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return token


@contextmanager
def _serve(folder: str) -> Generator[dict[str, str]]:
    command = [*_CMDM, "sandbox", "serve", "--json", "--quiet", "--port", "0", "--records", "100"]
    command += ["--data", f"{folder}/data", "--rate-limit", "1000000", "--month-limit", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def _run_proxy(url: str, folder: str) -> Generator[tuple[str, int]]:
    command = [*_CMDM, "record", "--proxy", "--port", "0", "--target", url]
    command += ["--into", str(Path(folder) / "made")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.fullmatch(r"export CMDM_URL=(http://\S+)\n", line):
                    yield found[1], process.pid
                    break
        finally:
            process.terminate()
