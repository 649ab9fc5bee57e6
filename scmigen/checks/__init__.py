"""Named checks over the platform; none of them knows how a diagnostic is printed."""
