"""The checks of `cmdm doctor`, by what they look at."""
