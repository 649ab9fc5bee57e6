"""A device-tree-driven compiler for SCMI platforms."""

__version__ = "0.1.0"
