"""The main screen, `BrowseScreen`: its panes, the table of its commands, and the screen.

Files: `commands`, `panes`, `screen`. Used by other packages: `screen.BrowseScreen`.
"""
