"""What Linux drivers do with their clocks and supplies: from a kernel's source to a data file."""
