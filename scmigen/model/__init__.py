"""Resources, agents, grants and identifiers: what an SCMI platform is, free of file formats."""
