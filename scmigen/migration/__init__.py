"""From the description of a server to the agents file and lock file that give the same server."""
