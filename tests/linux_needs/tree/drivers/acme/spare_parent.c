static int spare_parent_probe(struct platform_device *pdev)
{
	for_each_child_of_node(pdev->dev.of_node, child)
		devm_get_clk_from_child(&pdev->dev, child, NULL);
	return 0;
}

static const struct of_device_id spare_parent_ids[] = { { .compatible = "acme,spare-parent" }, { } };

static struct platform_driver spare_parent_driver = {
	.probe = spare_parent_probe,
	.driver = { .of_match_table = spare_parent_ids },
};
