"""Comparing two SCMI servers: the same messages to both, and what their answers differ in.

`run` sends, `messages` makes what is sent, `rules` reads the file of differences that are expected,
whose `expressions` are over the names in `facts`. `following` works out what SCP-firmware holds.
"""
