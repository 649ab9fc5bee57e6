"""The outputs, one module each; their text is in ``templates/``."""
