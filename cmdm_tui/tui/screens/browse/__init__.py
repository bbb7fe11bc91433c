"""The main screen, `BrowseScreen`: its panes, the table of its commands, and the screen."""
