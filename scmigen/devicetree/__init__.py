"""Device-tree text and bytes: nothing here knows what a clock is."""
