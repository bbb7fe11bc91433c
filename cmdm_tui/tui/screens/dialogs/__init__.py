"""Dialogs in front of a screen: `AskScreen`, `ChoiceScreen`, `SecretsScreen`, `HelpScreen`.

Files: `ask`, `choice`, `help`, `secrets`. Used by other packages: `ask.AskScreen`,
`choice.ChoiceScreen`, `help.HelpScreen`, `secrets.SecretsScreen`.
"""
