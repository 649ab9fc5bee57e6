struct loops {
	struct clk *channels[4];
	struct clk_bulk_data bulk[2];
	int count;
};

/* An array that is filled from element 1 on; element 0 is another clock, which is never chosen. */
static int loops_set(struct loops *loops, int number)
{
	return clk_set_rate(loops->channels[number], 1);
}

static int loops_sysclk(struct device *dev, int number)
{
	return loops_set(dev_get_drvdata(dev), number ? number : 1);
}

static const struct framework_ops loops_ops = { .set_sysclk = loops_sysclk };

static int loops_probe(struct platform_device *pdev)
{
	struct loops *loops = devm_kzalloc(&pdev->dev, sizeof(*loops), GFP_KERNEL);
	char name[16];
	int i;

	loops->channels[0] = devm_clk_get(&pdev->dev, "bus");
	for (i = 1; i < 4; i++) {
		sprintf(name, "ch%d", i);
		loops->channels[i] = devm_clk_get(&pdev->dev, name);
	}
	return framework_register(&pdev->dev, &loops_ops);
}

static const struct of_device_id loops_ids[] = { { .compatible = "acme,loops" }, { } };

static struct platform_driver loops_driver = {
	.probe = loops_probe,
	.driver = { .of_match_table = loops_ids },
};

/* Names that are put one after the other: the first one is element 0. */
static int counted_probe(struct platform_device *pdev)
{
	struct loops *loops = devm_kzalloc(&pdev->dev, sizeof(*loops), GFP_KERNEL);

	loops->bulk[loops->count++].id = "div";
	if (device_property_present(&pdev->dev, "acme,slow"))
		loops->bulk[loops->count++].id = "slow";
	devm_clk_bulk_get(&pdev->dev, loops->count, loops->bulk);
	return clk_set_rate(loops->bulk[0].clk, 1);
}

static const struct of_device_id counted_ids[] = { { .compatible = "acme,counted" }, { } };

static struct platform_driver counted_driver = {
	.probe = counted_probe,
	.driver = { .of_match_table = counted_ids },
};

/* Supplies of a table in the entry's data, of which only some have a voltage. */
struct rail_row {
	const char *supply;
	int uv;
};

struct rail_data {
	const struct rail_row *rows;
};

struct rail {
	struct regulator *supply;
	int uv;
};

static int rails_take(struct device *dev, struct rail *rails, const struct rail_row *rows)
{
	int i;

	for (i = 0; rows[i].supply; i++) {
		rails[i].supply = devm_regulator_get(dev, rows[i].supply);
		rails[i].uv = rows[i].uv;
	}
	return i;
}

static int rails_probe(struct platform_device *pdev)
{
	const struct rail_data *data = of_device_get_match_data(&pdev->dev);
	struct rail *rails = devm_kcalloc(&pdev->dev, 4, sizeof(*rails), GFP_KERNEL);
	int i, count = rails_take(&pdev->dev, rails, data->rows);

	for (i = 0; i < count; i++)
		if (rails[i].uv > 0)
			regulator_set_voltage(rails[i].supply, rails[i].uv, INT_MAX);
	return 0;
}

static const struct rail_data rails_one = {
	.rows = (struct rail_row[]) {
		{ .supply = "mx", .uv = 1050000 },
		{ .supply = "pll" },
		{ .supply = "px", .uv = 1800000 },
		{ }
	},
};

static const struct rail_data rails_two = {
	.rows = (struct rail_row[]) { { .supply = "pll" }, { } },
};

static const struct of_device_id rails_ids[] = {
	{ .compatible = "acme,rails-one", .data = &rails_one },
	{ .compatible = "acme,rails-two", .data = &rails_two },
	{ }
};

static struct platform_driver rails_driver = {
	.probe = rails_probe,
	.driver = { .of_match_table = rails_ids },
};

/* A rate of 0 for the operating points, which gives up a vote. */
static int vote_stop(struct device *dev)
{
	return dev_pm_opp_set_rate(dev, 0);
}

static const struct dev_pm_ops vote_ops = { .runtime_suspend = vote_stop };

static const struct of_device_id vote_ids[] = { { .compatible = "acme,vote" }, { } };

static struct platform_driver vote_driver = {
	.driver = { .of_match_table = vote_ids, .pm = &vote_ops },
};
