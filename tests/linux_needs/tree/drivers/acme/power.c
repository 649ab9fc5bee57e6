static int power_probe(struct platform_device *pdev)
{
	struct regulator *core, *io;
	struct clk *ref;

	core = devm_regulator_get(&pdev->dev, "core");
	io = devm_regulator_get_optional(&pdev->dev, "io");
	regulator_enable(io);
	ref = devm_clk_get_optional_enabled_with_rate(&pdev->dev, "ref", 24000000);
	devm_pm_opp_set_clkname(&pdev->dev, "engine");
	dev_pm_opp_set_rate(&pdev->dev, 100000000);
	return regulator_set_voltage(core, 900000, 950000);
}

static int quiet_probe(struct platform_device *pdev)
{
	struct clk *clk = devm_clk_get_enabled(&pdev->dev, "bus");

	return clk_get_rate(clk) ? 0 : -EINVAL;
}

static const struct of_device_id power_ids[] = { { .compatible = "acme,power" }, { } };
static const struct of_device_id quiet_ids[] = {
	{ .compatible = "acme,quiet" },
	{ .compatible = "acme,idle" },
	{ }
};

static struct platform_driver power_driver = {
	.probe = power_probe,
	.driver = { .of_match_table = power_ids },
};

static struct platform_driver quiet_driver = {
	.probe = quiet_probe,
	.driver = { .of_match_table = quiet_ids },
};

static int takes_nothing_probe(struct platform_device *pdev)
{
	return 0;
}

static const struct of_device_id takes_nothing_ids[] = { { .compatible = "acme,takes-nothing" }, { } };

static struct platform_driver takes_nothing_driver = {
	.probe = takes_nothing_probe,
	.driver = { .of_match_table = takes_nothing_ids },
};
