"""Checks of the configuration: the files, who may read them, and which profile would be used."""

import os
import shutil
import stat
from pathlib import Path

from cmdm_tui.api import ApiError
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.cli.commands.doctor.check import DoctorCheck, ok, problem, warning
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.config import (
    ConfigurationError,
    MissingSecrets,
    NoProfile,
    Paths,
    Profile,
    ProfileStore,
    load_environment_profile,
)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_LITTLE_SPACE = 100 * 1024 * 1024
_NEVER_SENT = "never-sent"


def check_files(paths: Paths) -> list[DoctorCheck]:
    """Check that the profiles can be read, and that no other user can read secrets."""
    return [
        _check_profiles_file(paths),
        *(
            check
            for file in _list_secret_files(paths)
            if (check := _check_private(file)) is not None
        ),
        _check_folder("config folder", paths.config),
        _check_folder("data folder", paths.data),
    ]


def check_profile(context: CommandContext) -> tuple[DoctorCheck, Profile | None, bool]:
    """Check which profile would be used; return it, and whether its secrets are there.

    Nothing is asked for: a profile whose secrets are kept nowhere comes without them.
    """
    name = "profile"
    try:
        profile, has_secrets = context.load_profile(), True
    except MissingSecrets as error:
        found = f"{error.profile} keeps no {' and no '.join(error.missing)}".replace("_", " ")
        try:
            profile, has_secrets = _load_without_secrets(context, error), False
        except ConfigurationError as other:
            return _unusable_profile(other), None, False
        return (
            warning(name, found, "Run this in a terminal to be asked, or set the variables."),
            profile,
            has_secrets,
        )
    except NoProfile as error:
        if context.profile_name is None:
            return warning(name, *_split_advice(error)), None, False
        return _unusable_profile(error), None, False
    except ConfigurationError as error:
        return _unusable_profile(error), None, False
    try:
        parse_base_url(profile.url)
    except ApiError as error:
        return problem(name, error.message, f"{error.hint or 'Correct the address'}."), None, False
    return ok(name, f"{profile.name}, {_describe_origin(context)}"), profile, has_secrets


def _check_profiles_file(paths: Paths) -> DoctorCheck:
    name, file = "profiles file", paths.profiles
    try:
        names = ProfileStore(paths).list_names()
    except ConfigurationError as error:
        return problem(name, *_split_advice(error))
    if _file_mode(file) is None:
        return ok(name, f"{file} is not there yet: no profile is set up")
    count = f"{len(names)} profile{'s' if len(names) != 1 else ''}"
    return ok(name, f"{file} is valid and holds {count}")


def _list_secret_files(paths: Paths) -> list[Path]:
    known = {paths.secrets}
    for folder in (paths.config, paths.data):
        if stat.S_ISDIR(_file_mode(folder) or 0):
            known |= {*folder.glob("*secret*"), *folder.glob("*token*"), *folder.glob("*token*/*")}
    return sorted(file for file in known if stat.S_ISREG(_file_mode(file) or 0))


def _check_private(file: Path) -> DoctorCheck | None:
    name = "secrets"
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        return problem(name, f"{file} cannot be looked at: {error.strerror}", "Check its folder.")
    if mode & _OTHERS:
        found = f"{file} can be used by other users of this machine (mode {mode:04o})"
        return problem(name, found, f"Run chmod 600 {file}, and change the secrets if others did.")
    return ok(name, f"{file} is yours alone (mode {mode:04o})")


def _check_folder(name: str, folder: Path) -> DoctorCheck:
    place = folder
    while (mode := _file_mode(place)) is None and place != place.parent:
        place = place.parent
    if mode is None or not stat.S_ISDIR(mode):
        return problem(name, f"{place} is not a folder", "Move it away.")
    if not os.access(place, os.W_OK | os.X_OK):
        found = f"{folder} cannot be written"
        variable = "XDG_CONFIG_HOME" if name.startswith("config") else "XDG_DATA_HOME"
        return problem(name, found, f"Make {place} writable, or set {variable} to another.")
    if place == folder and mode & _OTHERS_WRITE:
        found = f"Other users of this machine can change {folder}"
        return problem(name, found, f"Run chmod 700 {folder}.")
    above = _find_exchangeable_folder(folder)
    if above is not None:
        found = f"Other users of this machine can replace {folder} by another folder"
        return problem(name, found, f"Run chmod go-w {above}.")
    free = shutil.disk_usage(place).free
    if free < _LITTLE_SPACE:
        found = f"{folder} has {free // 1024 // 1024} MB left"
        return warning(name, found, "Free some space.")
    return ok(name, f"{folder} can be written" + ("" if place == folder else ", once made"))


def _file_mode(path: Path) -> int | None:
    """Return the mode of what is there, None where nothing is or none may look."""
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _find_exchangeable_folder(folder: Path) -> Path | None:
    """Return the folder on the way whose entries another user can exchange, None where none is.

    A sticky one, as /tmp is, does not let a user move another's files.
    """
    for place in (folder, *folder.parents):
        mode = _file_mode(place) or 0
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return place
    return None


def _describe_origin(context: CommandContext) -> str:
    if context.profile_name is not None:
        is_variable = context.environment.get("CMDM_PROFILE") == context.profile_name
        return "named by CMDM_PROFILE" if is_variable else "named by --profile"
    if load_environment_profile(context.environment) is not None:
        return "made by CMDM_URL and the other variables"
    return f"the default or only one in {context.paths.profiles}"


def _load_without_secrets(context: CommandContext, error: MissingSecrets) -> Profile:
    given = dict.fromkeys(error.missing, _NEVER_SENT)
    return ProfileStore(context.paths).load(error.profile, given)


def _unusable_profile(error: ConfigurationError) -> DoctorCheck:
    return problem("profile", *_split_advice(error))


def _split_advice(error: ConfigurationError) -> tuple[str, str]:
    """Split an error's words into what happened and what to do, which is its last sentence."""
    found, _, advice = str(error).rstrip(".").rpartition(". ")
    return (found, f"{advice}.") if found else (advice, "Correct it there.")
