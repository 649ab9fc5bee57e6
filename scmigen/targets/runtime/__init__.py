"""The configuration of the bundled server."""
