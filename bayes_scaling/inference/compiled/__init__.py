"""A model's machine code: compiled once a machine, kept on disk, found again by later processes."""
