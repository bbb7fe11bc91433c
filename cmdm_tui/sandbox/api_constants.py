"""The fixed words of the API (api.md): its paths, sign-in headers and list parameters."""

from urllib.parse import unquote

API_PATH = "/api/v1"
AUTHENTICATE = "authenticate"
SIGN_IN_HEADERS = ("client_id", "client_secret", "username", "password")
LIST_PARAMETERS = frozenset({"fields", "per_page", "page", "sort_by", "sort_order"})
MAX_PER_PAGE = 1_000

_BASE = API_PATH.split("/")

PathSegments = tuple[str, ...]
"""The path after `/api/v1`, split at its slashes, each part decoded."""


def split_api_path(raw_path: bytes) -> PathSegments | None:
    """Return the segments of a request's path, None when it lies outside the API.

    An escaped slash (`%2F`) belongs to its segment, so the path is split before it is decoded.
    """
    parts: list[str] = [
        unquote(part, errors="replace") for part in raw_path.decode("ascii").split("/")
    ]
    return tuple(parts[len(_BASE) :]) if parts[: len(_BASE)] == _BASE else None


def is_sign_in(segments: PathSegments | None) -> bool:
    """Return whether this is the path of the one call that takes no token."""
    return segments is not None and len(segments) == 1 and segments[0].lower() == AUTHENTICATE
