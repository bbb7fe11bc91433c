"""The first screens: `StartScreen` opens an account, `WelcomeScreen` offers the ways to one.

Files: `screen`, `welcome`. Used by other packages: `screen.StartScreen`, `welcome.WelcomeScreen`.
"""
