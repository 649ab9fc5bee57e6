"""The SCMI specification (Arm DEN0056) as data. Nothing here knows of device trees or files."""
