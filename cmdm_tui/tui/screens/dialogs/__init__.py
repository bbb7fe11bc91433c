"""Dialogs in front of a screen: `AskScreen`, `SecretsScreen`, `HelpScreen`."""
