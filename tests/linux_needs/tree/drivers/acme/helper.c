struct helper {
	struct clk *up;
	struct clk *down;
	struct clk *side;
	struct clk *front;
	struct clk *back;
};

static struct clk *helper_get(struct device *dev, const char *name)
{
	return devm_clk_get_optional(dev, name);
}

static int helper_fill(struct device *dev, const char *name, struct clk **clk)
{
	*clk = helper_get(dev, name);
	return PTR_ERR_OR_ZERO(*clk);
}

static int helper_checked(struct device *dev, const char *name, struct clk **out)
{
	struct clk *clk;
	int ret;

	ret = helper_fill(dev, name, &clk);
	if (!ret)
		*out = clk;
	return ret;
}

static int helper_probe(struct platform_device *pdev)
{
	struct helper *helper = devm_kzalloc(&pdev->dev, sizeof(*helper), GFP_KERNEL);

	helper->up = helper_get(&pdev->dev, "up");
	helper->down = helper_get(&pdev->dev, "down");
	helper_fill(&pdev->dev, "side", &helper->side);
	helper_checked(&pdev->dev, "front", &helper->front);
	helper_checked(&pdev->dev, "back", &helper->back);
	clk_prepare_enable(helper->back);
	clk_set_rate(helper->front, 1);
	clk_set_rate(helper->down, 1);
	return clk_set_rate(helper->side, 1);
}

static const struct of_device_id helper_ids[] = { { .compatible = "acme,helper" }, { } };

static struct platform_driver helper_driver = {
	.probe = helper_probe,
	.driver = { .of_match_table = helper_ids },
};
