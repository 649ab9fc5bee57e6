static int spare_back_probe(struct platform_device *pdev)
{
	return PTR_ERR_OR_ZERO(devm_clk_get(&pdev->dev, "spare"));
}

static const struct of_device_id spare_back_ids[] = { { .compatible = "acme,spare-back" }, { } };

static struct platform_driver spare_back_driver = {
	.probe = spare_back_probe,
	.driver = { .of_match_table = spare_back_ids },
};

static int lender_probe(struct platform_device *pdev)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "acme,spare-lent");

	return PTR_ERR_OR_ZERO(of_clk_get(node, 1));
}

static const struct of_device_id lender_ids[] = { { .compatible = "acme,lender" }, { } };

static struct platform_driver lender_driver = {
	.probe = lender_probe,
	.driver = { .of_match_table = lender_ids },
};
