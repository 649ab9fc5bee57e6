static int unnamed_probe(struct platform_device *pdev)
{
	struct clk *clk = devm_clk_get(&pdev->dev, said_by_firmware(pdev));

	return clk_set_rate(clk, 1);
}

static const struct of_device_id unnamed_ids[] = { { .compatible = "acme,unnamed" }, { } };

static struct platform_driver unnamed_driver = {
	.probe = unnamed_probe,
	.driver = { .of_match_table = unnamed_ids },
};
