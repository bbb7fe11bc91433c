"""The explorer's screens, each with its commands and its styles in one folder.

Files: `browse/`, `dialogs/`, `sign_in/`, `start/`.
Used by other packages: `start.screen.StartScreen`, `browse.screen.BrowseScreen`.
"""
