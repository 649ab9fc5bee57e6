"""Descriptions of servers that scmigen did not write: each form has a reader, and all become a
`scmigen.runtime.served.Served`, which `scmigen.checks.against` holds against a board."""
