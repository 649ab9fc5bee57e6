"""Comparing two SCMI servers: the same messages to both, and what their answers differ in.

`run` sends, `messages` makes what is sent, `decoding` names the fields. `rules` reads the file of
differences that are expected, whose `expressions` are over the names in `facts`; `tables` and
`following` work out what SCP-firmware has and holds.
"""
