"""The outputs, one package each; their text is in ``templates/``."""
