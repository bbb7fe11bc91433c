"""The cases of the cassettes, read once for all tests of a process."""

from cmdm_tui.harness.cassettes.library import built_in_folder, list_entries

ALL = list_entries(built_in_folder(), ("contract", "stateful", "stories"))
