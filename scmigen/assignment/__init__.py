"""Assign devices to agents, from every source that can describe it."""
