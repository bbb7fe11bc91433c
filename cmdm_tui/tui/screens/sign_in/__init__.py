"""The sign-in form, `SignInScreen`.

Files: `screen`. Used by other packages: `screen.SignInScreen`.
"""
