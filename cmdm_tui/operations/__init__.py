"""What a person can ask for, written once for all faces: command line, prompt, explorer.

An operation does no input or output itself. It asks and informs through a `Prompter`
(`prompter.py`), which each face implements. Central file: `query.py`, which runs a query:
`QueryOperation`, `CallPolicy`, `QueryOutcome`. `interrupts.py` holds what Ctrl-C does meanwhile.

Used by other packages: `interrupts.raise_on_interrupt`, `query.CallPolicy`, `query.QueryOperation`,
`interrupts.handle_interrupt`.
"""
