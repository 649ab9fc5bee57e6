static int spare_all_probe(struct platform_device *pdev)
{
	struct clk_bulk_data *clocks;

	devm_clk_get(&pdev->dev, "bus");
	return devm_clk_bulk_get_all(&pdev->dev, &clocks);
}

static const struct of_device_id spare_all_ids[] = { { .compatible = "acme,spare-all" }, { } };

static struct platform_driver spare_all_driver = {
	.probe = spare_all_probe,
	.driver = { .of_match_table = spare_all_ids },
};

static int spare_read_probe(struct platform_device *pdev)
{
	const char *name;

	of_property_read_string_index(pdev->dev.of_node, "clock-names", 1, &name);
	return PTR_ERR_OR_ZERO(devm_clk_get(&pdev->dev, name));
}

static const struct of_device_id spare_read_ids[] = { { .compatible = "acme,spare-read" }, { } };

static struct platform_driver spare_read_driver = {
	.probe = spare_read_probe,
	.driver = { .of_match_table = spare_read_ids },
};
