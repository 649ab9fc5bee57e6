"""The SCMI numbers as a header for device trees."""
