"""The sign-in form: `screen.SignInScreen` makes a profile once the service has accepted it."""
