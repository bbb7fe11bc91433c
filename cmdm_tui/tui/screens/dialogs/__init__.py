"""Dialogs in front of a screen: `AskScreen`, `ChoiceScreen`, `SecretsScreen`, `HelpScreen`."""
