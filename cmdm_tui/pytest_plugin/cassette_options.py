"""The options of the marker `cmdm_cassette` and of the fixture `cmdm_vcr_config`, checked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

RECORD_MODES = ("none", "once", "new_episodes", "all", "rewrite")

OWN_OPTIONS = (
    "record_mode", "order_free", "pass_hosts", "allow_unused", "require_all", "keep_people",
    "people_hook",
)  # fmt: skip
VCRPY_OPTIONS = (
    "additional_matchers", "after_load_interaction", "allow_playback_repeats",
    "before_record_request", "before_record_response", "before_save_interaction",
    "custom_patches", "decode_compressed_response", "drop_unused_requests", "filter_headers",
    "filter_post_data_parameters", "filter_query_parameters", "filter_sensitive_data",
    "ignore_hosts", "ignore_localhost", "match_on", "record_on_exception", "skip_patchers",
)  # fmt: skip
"""What vcrpy's `use_cassette` takes, without what is settled here: paths and the format."""

LEFT_OUT_OPTIONS = (
    "allowed_hosts", "before_record", "cassette_library_dir", "func_path_generator", "inject",
    "inject_cassette", "path_transformer", "persister", "serializer", "with_current_defaults",
)  # fmt: skip
"""Options of vcrpy and pytest-recording without a use here; a shared `vcr_config` may have them."""


class InvalidOption(Exception):
    """An option that there is not, or a value that it does not take; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class CassetteOptions:
    """How the cassettes of a test are played; `vcrpy` goes to vcrpy's `use_cassette`."""

    record_mode: str = "none"
    order_free: bool = False
    pass_hosts: frozenset[str] = frozenset()
    passes_localhost: bool = True
    allow_unused: bool = False
    require_all: bool = False
    records_failures: bool = False
    keep_people: bool = False
    people_hook: str = ""
    vcrpy: Mapping[str, Any] = field(default_factory=dict[str, Any])


def merge_options(
    config: Mapping[str, Any],
    markers: Iterable[Mapping[str, Any]],
    *,
    default_mode: str,
    forced_mode: str | None,
    require_all: bool = False,
) -> CassetteOptions:
    """Return the options of a test: of the configuration, then of its markers, the nearest last.

    `forced_mode` is the command line's and holds above all; `require_all` holds where nothing else
    is said. Raises InvalidOption.
    """
    config = {name: config[name] for name in config if name not in LEFT_OUT_OPTIONS}
    _check_names(config, "cmdm_vcr_config")
    given = dict(config)
    for one in markers:
        _check_names(one, "the marker cmdm_cassette")
        given.update(one)
    mode = forced_mode or given.pop("record_mode", None) or default_mode
    given.pop("record_mode", None)
    if mode not in RECORD_MODES:
        message = f"{mode!r} is not a record_mode. There are {', '.join(RECORD_MODES)}."
        raise InvalidOption(message)
    if "match_on" in given and given.get("order_free"):
        raise InvalidOption("order_free=True and match_on exclude each other: give one of them.")
    if given.get("allow_unused") and given.get("require_all"):
        message = "allow_unused=True and require_all=True exclude each other: give one of them."
        raise InvalidOption(message)
    if given.get("keep_people") and given.get("people_hook"):
        message = "keep_people=True and people_hook exclude each other: give one of them."
        raise InvalidOption(message)
    allow_unused = bool(given.pop("allow_unused", False))
    hosts = (*_list_hosts(given, "pass_hosts"), *_list_hosts(given, "ignore_hosts"))
    return CassetteOptions(
        record_mode=mode,
        order_free=bool(given.pop("order_free", False)),
        pass_hosts=frozenset(hosts),
        passes_localhost=bool(given.pop("ignore_localhost", True)),
        allow_unused=allow_unused,
        require_all=bool(given.pop("require_all", require_all and not allow_unused)),
        records_failures=bool(given.pop("record_on_exception", False)),
        keep_people=bool(given.pop("keep_people", False)),
        people_hook=str(given.pop("people_hook", None) or ""),
        vcrpy=given,
    )


def _check_names(options: Mapping[str, Any], where: str) -> None:
    known = (*OWN_OPTIONS, *VCRPY_OPTIONS)
    for name in options:
        if name in LEFT_OUT_OPTIONS:
            message = f"{where} does not take {name}: cassettes here have one format and folder."
            raise InvalidOption(message)
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(known))}."
            raise InvalidOption(f"{where} has no option {name!r}. {hint}")


def _list_hosts(given: dict[str, Any], name: str) -> Collection[str]:
    hosts = given.pop(name, ())
    if isinstance(hosts, str):
        hosts = (hosts,)
    found: list[str] = []
    for host in hosts:
        if not isinstance(host, str) or not host or "/" in host:
            message = f"{name} holds {host!r}; give names of hosts, such as 'mail.example.com'."
            raise InvalidOption(message)
        found.append(host.lower())
    return found
