struct clk_bulk_data {
	const char *id;
	struct clk *clk;
};
