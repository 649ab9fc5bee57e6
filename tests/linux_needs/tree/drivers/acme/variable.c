static const char * const variable_names[] = { "left", "right" };

struct variable {
	struct clk *clocks[2];
};

static int variable_choose(struct variable *variable, int which)
{
	return clk_set_rate(variable->clocks[which], 48000);
}

static int variable_probe(struct platform_device *pdev)
{
	struct variable *variable = devm_kzalloc(&pdev->dev, sizeof(*variable), GFP_KERNEL);
	int i;

	for (i = 0; i < 2; i++)
		variable->clocks[i] = devm_clk_get(&pdev->dev, variable_names[i]);
	return variable_choose(variable, read_choice(&pdev->dev));
}

static const struct of_device_id variable_ids[] = { { .compatible = "acme,variable" }, { } };

static struct platform_driver variable_driver = {
	.probe = variable_probe,
	.driver = { .of_match_table = variable_ids },
};
