"""The Linux bindings: who provides clocks, power domains, resets, …, and who consumes them."""
