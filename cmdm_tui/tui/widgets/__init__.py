"""The parts of the screens, one small widget a file."""
