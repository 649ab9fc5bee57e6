struct asked {
	struct clk *port;
	struct clk *general;
	struct clk *outside;
	struct clk *pairs[4];
};

static const char * const asked_pairs[] = { "from0", "to0", "from1", "to1" };

static struct clk *asked_take(struct device *dev, const char *name, unsigned long rate)
{
	struct clk *clk = devm_clk_get(dev, name);
	bool of_node = is_of_node(dev_fwnode(dev));

	if (rate)
		clk_set_rate(clk, rate);
	if (!of_node)
		clk_set_rate(devm_clk_get(dev, "firmware"), rate);
	return clk;
}

static int asked_pair_up(struct asked *asked)
{
	int i;

	for (i = 0; i < 4; i += 2) {
		struct clk **pair = &asked->pairs[i];

		clk_set_parent(pair[1], pair[0]);
	}
	return 0;
}

/* The driver of another device calls it. */
int asked_from_outside(struct asked *asked)
{
	return clk_set_rate(asked->outside, 1);
}

static int asked_probe(struct platform_device *pdev)
{
	struct asked *asked = devm_kzalloc(&pdev->dev, sizeof(*asked), GFP_KERNEL);
	int i;

	asked->port = asked_take(&pdev->dev, "port", 100);
	asked->general = asked_take(&pdev->dev, "general", 0);
	asked->outside = devm_clk_get(&pdev->dev, "outside");
	for (i = 0; i < 4; i++)
		asked->pairs[i] = devm_clk_get(&pdev->dev, asked_pairs[i]);
	return asked_pair_up(asked);
}

static const struct of_device_id asked_ids[] = { { .compatible = "acme,asked" }, { } };

static struct platform_driver asked_driver = {
	.probe = asked_probe,
	.driver = { .of_match_table = asked_ids },
};
