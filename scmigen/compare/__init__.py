"""Comparing two SCMI servers: the same messages to both, and what their answers differ in.

`run` sends, `messages` makes what is sent, `decoding` names the fields. `rules` are of
differences that are expected, from a `rules_file`; their `expressions` are over the names in
`facts`, and `tables` and `following` work out what SCP-firmware has and holds.
"""
