"""Device-tree text and bytes. Nothing here knows what a clock is."""
