enum table_clock { TABLE_BUS, TABLE_PIXEL, TABLE_AUX, TABLE_SPARE, TABLE_CLOCKS };

static const char * const table_names[TABLE_CLOCKS] = {
	[TABLE_BUS] = "bus",
	[TABLE_PIXEL] = "pixel",
	[TABLE_AUX] = "aux",
	[TABLE_SPARE] = "spare",
};

struct table {
	struct clk *clocks[TABLE_CLOCKS];
};

static int table_get(struct table *table, struct device *dev)
{
	int i;

	for (i = 0; i < TABLE_CLOCKS; i++) {
		table->clocks[i] = devm_clk_get(dev, table_names[i]);
		if (IS_ERR(table->clocks[i]))
			return PTR_ERR(table->clocks[i]);
	}
	return 0;
}

static int table_mode(struct table *table, unsigned long rate)
{
	clk_prepare_enable(table->clocks[TABLE_BUS]);
	clk_set_parent(table->clocks[TABLE_AUX], table->clocks[TABLE_BUS]);
	return clk_set_rate(table->clocks[TABLE_PIXEL], rate);
}

static int table_index(int kind)
{
	int index = -1;

	switch (kind) {
	case 0:
		index = TABLE_BUS;
		break;
	case 1:
		index = TABLE_AUX;
		break;
	}
	return index;
}

static int table_range(struct table *table, int kind)
{
	return clk_set_min_rate(table->clocks[table_index(kind)], 1000);
}

static int table_select(struct table *table, int which, unsigned long rate)
{
	return clk_round_rate(table->clocks[which], rate);
}

static int table_probe(struct platform_device *pdev)
{
	struct table *table = devm_kzalloc(&pdev->dev, sizeof(*table), GFP_KERNEL);

	table_get(table, &pdev->dev);
	table_select(table, 1, 2);
	table_range(table, read_kind(&pdev->dev));
	return table_mode(table, 1);
}

static const struct of_device_id table_ids[] = { { .compatible = "acme,table" }, { } };

static struct platform_driver table_driver = {
	.probe = table_probe,
	.driver = { .of_match_table = table_ids },
};
