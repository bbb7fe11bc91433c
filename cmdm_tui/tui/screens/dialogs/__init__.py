"""Dialogs in front of a screen.

`ask.AskScreen` asks for a text that the service accepts, `entry.EntryScreen` for any text,
`choice.ChoiceScreen` for one of several answers, `export.ExportScreen` for a file to write to,
`secrets.SecretsScreen` for secrets; `help.HelpScreen` lists the keys.
`drafts.DraftsScreen` offers what was typed and not sent in earlier runs.
`prompter.DialogPrompter` asks by dialogs for an operation.
"""
