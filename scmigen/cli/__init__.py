"""The commands: parse options, call one stage after another, print."""
