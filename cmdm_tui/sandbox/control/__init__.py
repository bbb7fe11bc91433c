"""The control plane: calls with which tests change a running sandbox, off by default.

`control_app` answers the calls, `sandbox_controls` does what they ask for.
"""
