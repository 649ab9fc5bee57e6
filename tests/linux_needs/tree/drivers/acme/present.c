struct present {
	struct clk *core;
	struct clk *pll8k;
	struct clk *pll11k;
	struct clk *extra;
};

/* Only where there are others: clocks that need not be there, asked for by a helper. */
static void present_reparent(struct clk *clk, struct clk *pll8k, struct clk *pll11k)
{
	if (!clk || !pll8k || !pll11k)
		return;
	clk_set_parent(clk, pll8k);
}

static int present_start(struct device *dev)
{
	struct present *present = dev_get_drvdata(dev);

	present_reparent(present->core, present->pll8k, present->pll11k);
	if (present->extra)
		clk_set_rate(present->extra, 1);
	return clk_set_rate(present->core, 1);
}

static const struct dev_pm_ops present_ops = { .runtime_resume = present_start };

static int present_probe(struct platform_device *pdev)
{
	struct present *present = devm_kzalloc(&pdev->dev, sizeof(*present), GFP_KERNEL);

	present->core = devm_clk_get(&pdev->dev, "core");
	if (IS_ERR(present->core))
		return PTR_ERR(present->core);
	present->pll8k = devm_clk_get_optional(&pdev->dev, "pll8k");
	present->pll11k = devm_clk_get_optional(&pdev->dev, "pll11k");
	present->extra = devm_clk_get_optional(&pdev->dev, "extra");
	return 0;
}

static const struct of_device_id present_ids[] = { { .compatible = "acme,present" }, { } };

static struct platform_driver present_driver = {
	.probe = present_probe,
	.driver = { .of_match_table = present_ids, .pm = &present_ops },
};

/* A parent that is not there cannot be one: that it is there is no condition. */
static int parent_start(struct device *dev)
{
	struct present *present = dev_get_drvdata(dev);
	struct clk *source = clk_get(dev, "source");

	if (IS_ERR(source))
		return 0;
	return clk_set_parent(present->core, source);
}

static const struct dev_pm_ops parent_ops = { .runtime_resume = parent_start };

static int parent_probe(struct platform_device *pdev)
{
	struct present *present = devm_kzalloc(&pdev->dev, sizeof(*present), GFP_KERNEL);

	present->core = devm_clk_get(&pdev->dev, "core");
	return 0;
}

static const struct of_device_id parent_ids[] = { { .compatible = "acme,parent" }, { } };

static struct platform_driver parent_driver = {
	.probe = parent_probe,
	.driver = { .of_match_table = parent_ids, .pm = &parent_ops },
};

/* One clock or another, and then the first one in any case. */
static int ordered_start(struct device *dev)
{
	struct present *present = dev_get_drvdata(dev);
	struct clk *source = present->core;

	if (present->extra)
		source = present->extra;
	clk_set_rate(source, 4);
	if (present->extra)
		clk_set_rate(present->core, 1);
	return 0;
}

static const struct dev_pm_ops ordered_ops = { .runtime_resume = ordered_start };

static int ordered_probe(struct platform_device *pdev)
{
	struct present *present = devm_kzalloc(&pdev->dev, sizeof(*present), GFP_KERNEL);

	present->core = devm_clk_get(&pdev->dev, NULL);
	present->extra = devm_clk_get_optional(&pdev->dev, "extra");
	return 0;
}

static const struct of_device_id ordered_ids[] = { { .compatible = "acme,ordered" }, { } };

static struct platform_driver ordered_driver = {
	.probe = ordered_probe,
	.driver = { .of_match_table = ordered_ids, .pm = &ordered_ops },
};
