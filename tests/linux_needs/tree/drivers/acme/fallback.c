static int fallback_probe(struct platform_device *pdev)
{
	struct clk *clk;

	clk = devm_clk_get(&pdev->dev, "card");
	if (IS_ERR(clk))
		clk = devm_clk_get(&pdev->dev, NULL);
	return clk_set_rate(clk, 400000);
}

static const struct of_device_id fallback_ids[] = {
	{ .compatible = "acme,fallback" },
	{ }
};

static struct platform_driver fallback_driver = {
	.probe = fallback_probe,
	.driver = { .of_match_table = of_match_ptr(fallback_ids) },
};
