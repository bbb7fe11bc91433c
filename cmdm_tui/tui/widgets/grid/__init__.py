"""A table that draws what is seen, whatever it holds.

`grid` has the widget `Grid`: cursor, scrolling, keys, mouse and messages. `strips` draws lines;
`styles` has the component classes that a theme may change.
"""

from cmdm_tui.tui.widgets.grid.grid import Grid

__all__ = ["Grid"]
