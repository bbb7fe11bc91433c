"""The classes of input, one module each: every one yields its cases."""
