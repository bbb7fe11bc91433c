"""Records that come from files, and the questions that a file leaves open.

`import_file` reads a file into the records of an entity: `read_import`, `ImportOptions`,
`ImportedFile`.
"""
