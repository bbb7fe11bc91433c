"""The explorer's screens, each with its commands and its styles in one folder."""
