"""The control plane: a test's hand on a running sandbox, off unless asked for."""
