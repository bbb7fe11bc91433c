"""Says why a profile changes no records."""

from cmdm_tui.config import Profile
from cmdm_tui.text import one_line


def describe_read_only(profile: Profile) -> str:
    """Return what a change needs where the profile is read-only, after "needs"; else nothing."""
    if not profile.read_only:
        return ""
    return f"a profile that may change records; {one_line(profile.name, 40)} is read-only"
