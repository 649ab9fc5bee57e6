"""What feeds what in a running system, as that tells it: text to clocks and their parents."""
