"""The first screens: `StartScreen` opens an account, `WelcomeScreen` offers the ways to one."""
