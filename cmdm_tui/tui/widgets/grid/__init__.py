"""A table that draws what is seen, whatever it holds.

`grid` has the widget `Grid`: cursor, marks, mouse and messages; its keys are in `bindings`. It is
a `drawing`, which knows what is in sight; `strips` draws a line, and `styles` has the component
classes that a theme may change.
"""

from cmdm_tui.tui.widgets.grid.grid import FITTED_COLUMNS, Grid

__all__ = ["FITTED_COLUMNS", "Grid"]
