struct bulk {
	struct clk_bulk_data clocks[2];
	struct regulator_bulk_data supplies[2];
};

static struct clk_bulk_data fixed_clocks[] = {
	{ .id = "apb" },
	{ .id = "tick" },
};

static int bulk_probe(struct platform_device *pdev)
{
	struct bulk *bulk = devm_kzalloc(&pdev->dev, sizeof(*bulk), GFP_KERNEL);

	bulk->clocks[0].id = "bus";
	bulk->clocks[1].id = "sample";
	devm_clk_bulk_get(&pdev->dev, 2, bulk->clocks);
	clk_set_rate(bulk->clocks[1].clk, 1);
	devm_clk_bulk_get(&pdev->dev, 2, fixed_clocks);
	clk_set_rate(fixed_clocks[1].clk, 1);

	bulk->supplies[0].supply = "vdd";
	bulk->supplies[1].supply = "vio";
	devm_regulator_bulk_get(&pdev->dev, 2, bulk->supplies);
	return regulator_set_voltage(bulk->supplies[1].consumer, 1800000, 1800000);
}

static const struct of_device_id bulk_ids[] = { { .compatible = "acme,bulk" }, { } };

static struct platform_driver bulk_driver = {
	.probe = bulk_probe,
	.driver = { .of_match_table = bulk_ids },
};

struct put {
	struct clk_bulk_data *clocks;
};

static const char * const put_ids[] = { "apb", "frame" };

static int put_fill(struct device *dev, struct put *put)
{
	struct clk_bulk_data *clocks = devm_kcalloc(dev, 2, sizeof(*clocks), GFP_KERNEL);
	int i;

	for (i = 0; i < 2; i++)
		clocks[i].id = put_ids[i];
	put->clocks = clocks;
	return devm_clk_bulk_get(dev, 2, clocks);
}

static int put_probe(struct platform_device *pdev)
{
	struct put *put = devm_kzalloc(&pdev->dev, sizeof(*put), GFP_KERNEL);

	put_fill(&pdev->dev, put);
	return clk_set_rate(put->clocks[1].clk, 1);
}

static const struct of_device_id put_ids_of[] = { { .compatible = "acme,put" }, { } };

static struct platform_driver put_driver = {
	.probe = put_probe,
	.driver = { .of_match_table = put_ids_of },
};
