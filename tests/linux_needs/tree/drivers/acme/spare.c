static int spare_probe(struct platform_device *pdev)
{
	struct clk *bus = devm_clk_get_enabled(&pdev->dev, "bus");

	return PTR_ERR_OR_ZERO(bus); /* the clock "spare" is the firmware's */
}

static const struct of_device_id spare_ids[] = {
	{ .compatible = "acme,spare" },
	{ .compatible = "acme,spare-pair" },
	{ .compatible = "acme,spare-lent" },
	{ .compatible = "acme,spare-child" },
	{ .compatible = "acme,spare-syscon" },
	{ .compatible = "acme,spare-provider" },
	{ .compatible = "acme,spare-domain" },
	{ }
};

static struct platform_driver spare_driver = {
	.probe = spare_probe,
	.driver = { .of_match_table = spare_ids },
};

static int unnamed_first_probe(struct platform_device *pdev)
{
	return PTR_ERR_OR_ZERO(devm_clk_get(&pdev->dev, NULL));
}

static const struct of_device_id unnamed_first_ids[] = {
	{ .compatible = "acme,unnamed-first" },
	{ }
};

static struct platform_driver unnamed_first_driver = {
	.probe = unnamed_first_probe,
	.driver = { .of_match_table = unnamed_first_ids },
};
