"""A service that computes its pages: as many records and fields as asked for, and nothing stored.

Run as a program, it prints its address, and counts the calls: `computed_service.py RECORDS FIELDS`.
Only `account` has records. Record n has the id R0000001 + n, and in field k the text `k of n`.
"""

import sys
from collections import Counter

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

LIMIT = 1_000_000
CALLS = "/_calls"
"""Answers how many calls there were for each path, sign-ins left out."""


def external_id(number: int) -> str:
    """Return the id of a record, counted from 1."""
    return f"R{number:07}"


def make_application(records: int, fields: int) -> Starlette:
    """Return the service."""
    calls: Counter[str] = Counter()

    def answer(body: object, status: int = 200) -> JSONResponse:
        left = str(LIMIT - calls.total())
        limits = {"x-rate-limit-limit": str(LIMIT), "x-rate-limit-remaining": left}
        return JSONResponse(body, status, headers=limits)

    async def sign_in(_: Request) -> JSONResponse:
        return JSONResponse({"token": "a-token"})

    async def list_calls(_: Request) -> JSONResponse:
        return JSONResponse(calls)

    async def list_records(request: Request) -> JSONResponse:
        calls[request.url.path] += 1
        total = records if request.path_params["entity"] == "account" else 0
        size = min(int(request.query_params.get("per_page", "1000")), 1_000)
        first = (int(request.query_params.get("page", "1")) - 1) * size
        rows = [
            {
                "ExternalID": external_id(number),
                "Properties": {f"Field{k}": f"{k} of {number}" for k in range(1, fields + 1)},
            }
            for number in range(first + 1, min(first + size, total) + 1)
        ]
        pages = -(-total // size)
        return answer({"Total Records": str(total), "Total Pages": str(pages), "Entity": rows})

    async def list_fields(request: Request) -> JSONResponse:
        calls[request.url.path] += 1
        rows = [
            {"ExternalID": f"F{k}", "Properties": {"Name": f"Field{k}", "Type": "Text"}}
            for k in range(1, fields + 1)
        ]
        return answer({"Total Records": str(fields), "Total Page": "1", "Field": rows})

    return Starlette(
        routes=[
            Route("/api/v1/authenticate", sign_in, methods=["POST"]),
            Route("/api/v1/{entity}/fields", list_fields),
            Route("/api/v1/{entity}", list_records),
            Route(CALLS, list_calls),
        ]
    )


def main() -> None:
    """Serve until ended; the first line says where."""
    application = make_application(int(sys.argv[1]), int(sys.argv[2]))
    config = uvicorn.Config(application, port=0, log_level="error")
    with config.bind_socket() as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
