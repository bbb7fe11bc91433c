"""A service on a real socket that answers each path with the bytes it was given."""

import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress


class RawService:
    """Answers `GET /api/v1/NAME` with `answers[NAME]`, then closes; `requests` are what came."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = dict(answers)
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return
            received += piece
        self.requests.append(received)
        name = received.split(b" ", 2)[1].decode().removeprefix("/api/v1/").partition("?")[0]
        connection.sendall(self.answers[name])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    def close(self) -> None:
        # Closing alone does not wake a thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def start(self) -> None:
        self._thread.start()


@contextmanager
def run_raw_service(**answers: bytes) -> Generator[RawService]:
    service = RawService(answers)
    service.start()
    try:
        yield service
    finally:
        service.close()
