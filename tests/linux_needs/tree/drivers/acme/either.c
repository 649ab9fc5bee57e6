struct either {
	struct clk *clk;
};

static int either_probe(struct platform_device *pdev)
{
	struct either *either = devm_kzalloc(&pdev->dev, sizeof(*either), GFP_KERNEL);

	either->clk = devm_clk_get(&pdev->dev, is_fast(pdev) ? "fast" : "slow");
	return clk_set_rate(either->clk, 1);
}

static const struct of_device_id either_ids[] = { { .compatible = "acme,either" }, { } };

static struct platform_driver either_driver = {
	.probe = either_probe,
	.driver = { .of_match_table = either_ids },
};
