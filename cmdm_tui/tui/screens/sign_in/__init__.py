"""The sign-in form, `SignInScreen`."""
