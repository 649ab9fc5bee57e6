struct property {
	struct clk *core;
	struct clk *bus;
	struct clk *side;
	struct clk *link;
	struct clk *filled;
	u32 rate;
	u32 fill;
	bool external;
	int mode;
};

/* A rate that the node need not have, a default for one, and one that it has to have. */
static int property_probe(struct platform_device *pdev)
{
	struct property *property = devm_kzalloc(&pdev->dev, sizeof(*property), GFP_KERNEL);
	u32 rate = 0, other = 1000, needed;
	int ret;

	property->core = devm_clk_get(&pdev->dev, "core");
	property->bus = devm_clk_get(&pdev->dev, "bus");
	property->side = devm_clk_get(&pdev->dev, "side");

	device_property_read_u32(&pdev->dev, "clock-frequency", &rate);
	if (rate)
		clk_set_rate(property->core, rate);

	device_property_read_u32(&pdev->dev, "acme,bus-frequency", &other);
	if (other)
		clk_set_rate(property->bus, other);

	ret = device_property_read_u32(&pdev->dev, "acme,side-frequency", &needed);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no frequency\n");
	ret = clk_set_rate(property->side, needed);
	if (ret < 0)
		goto out;
	ret = property_register(pdev);
out:
	return ret;
}

static const struct of_device_id property_ids[] = { { .compatible = "acme,property" }, { } };

static struct platform_driver property_driver = {
	.probe = property_probe,
	.driver = { .of_match_table = property_ids },
};

/* What a helper reads into a member, a flag, and a word, for what is called later. */
static int asked_read(struct device_node *np, const char *name, u32 *out)
{
	int ret = of_property_read_u32(np, name, out);

	if (ret < 0)
		pr_debug("no %s\n", name);
	return ret;
}

static int asked_start(struct device *dev)
{
	struct property *property = dev_get_drvdata(dev);

	if (property->rate)
		clk_set_rate(property->core, property->rate);
	if (property->mode == MODE_FAST)
		clk_set_rate(property->bus, 3);
	if (property->mode != MODE_QUIET)
		clk_set_rate(property->link, 4);
	if (property->fill)
		clk_set_rate(property->filled, property->fill);
	if (property->external)
		return 0;
	return clk_set_rate(property->side, 1);
}

static const struct dev_pm_ops asked_ops = { .runtime_resume = asked_start };

static int asked_probe(struct platform_device *pdev)
{
	struct property *property = devm_kzalloc(&pdev->dev, sizeof(*property), GFP_KERNEL);
	struct device_node *np = pdev->dev.of_node;
	int mode;

	property->core = devm_clk_get(&pdev->dev, "core");
	property->bus = devm_clk_get(&pdev->dev, "bus");
	property->side = devm_clk_get(&pdev->dev, "side");
	property->link = devm_clk_get(&pdev->dev, "link");
	property->filled = devm_clk_get(&pdev->dev, "filled");
	asked_read(np, "clock-frequency", &property->rate);
	if (of_property_read_u32(np, "acme,fill", &property->fill))
		property->fill = 166000000;
	mode = device_get_phy_mode(&pdev->dev);
	if (mode < 0)
		return mode;
	property->mode = mode;
	property->external = of_property_read_bool(np, "acme,external");
	return 0;
}

static const struct of_device_id asked_ids[] = { { .compatible = "acme,asks-node" }, { } };

static struct platform_driver asked_driver = {
	.probe = asked_probe,
	.driver = { .of_match_table = asked_ids, .pm = &asked_ops },
};

/* Another clock where a property is not there, and one that is set in either case. */
static int instead_probe(struct platform_device *pdev)
{
	struct clk *core, *own = NULL;
	u32 fixed;
	int ret;

	core = devm_clk_get(&pdev->dev, "core");
	if (device_property_present(&pdev->dev, "acme,fast"))
		clk_set_rate(core, 2);
	else
		clk_set_rate(core, 1);

	ret = asked_read(pdev->dev.of_node, "acme,fixed", &fixed);
	if (ret < 0)
		own = devm_clk_get(&pdev->dev, "own");
	if (own)
		clk_set_rate(own, 1);
	return 0;
}

static const struct of_device_id instead_ids[] = { { .compatible = "acme,instead" }, { } };

static struct platform_driver instead_driver = {
	.probe = instead_probe,
	.driver = { .of_match_table = instead_ids },
};
