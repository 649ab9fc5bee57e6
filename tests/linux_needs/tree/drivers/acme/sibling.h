struct sibling {
	struct device *dev;
	struct clk *gate;
	struct clk *serial;
};

int sibling_rate(struct sibling *sibling, unsigned long rate);
