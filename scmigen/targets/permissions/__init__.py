"""The permission map, for people and programs."""
