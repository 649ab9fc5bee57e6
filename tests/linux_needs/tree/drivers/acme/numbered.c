struct numbered {
	struct clk *lanes[4];
};

static int numbered_probe(struct platform_device *pdev)
{
	struct numbered *numbered = devm_kzalloc(&pdev->dev, sizeof(*numbered), GFP_KERNEL);
	char name[16];
	int i;

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "lane%d_src", i);
		numbered->lanes[i] = devm_clk_get(&pdev->dev, name);
		clk_set_rate(numbered->lanes[i], 1);
	}
	return 0;
}

static const struct of_device_id numbered_ids[] = { { .compatible = "acme,numbered" }, { } };

static struct platform_driver numbered_driver = {
	.probe = numbered_probe,
	.driver = { .of_match_table = numbered_ids },
};
