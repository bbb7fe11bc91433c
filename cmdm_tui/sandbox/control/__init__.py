"""The control plane: calls with which tests change a running sandbox, off by default.

`plane` answers the calls, `controls` does what they ask for.
"""
