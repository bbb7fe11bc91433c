"""The dashboard's widgets: each shows one part of a board, and knows nothing else."""
