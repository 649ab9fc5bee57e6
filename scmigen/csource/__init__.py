"""C sources that others wrote, read and never run: what the tables in them say.

`unit` reads one source with its headers; `evaluate` gives the value of an object in it. What cannot
be told is `values.Unknown`, with its place; nothing is guessed. Time and memory are bounded by
`limits`.
"""
