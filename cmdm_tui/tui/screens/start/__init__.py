"""The first screens: `StartScreen` opens an account, `WelcomeScreen` offers the ways to one.

Files: `screen` is the start, `welcome` the other; `profiles` is the list of accounts to switch to.
"""
