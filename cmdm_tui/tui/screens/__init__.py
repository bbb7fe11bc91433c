"""The explorer's screens, each beside its styles."""
