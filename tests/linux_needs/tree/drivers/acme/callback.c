struct callback_ops {
	int (*start)(struct device *dev);
	int (*apply)(struct clk *clk, unsigned long rate);
};

struct callback {
	const struct callback_ops *ops;
	struct clk *frame;
	struct clk *line;
};

static int callback_apply(struct clk *clk, unsigned long rate)
{
	return clk_set_rate(clk, rate);
}

static int callback_start(struct device *dev)
{
	struct callback *callback = dev_get_drvdata(dev);

	clk_prepare_enable(callback->line);
	return callback->ops->apply(callback->frame, 60);
}

static const struct callback_ops callback_ops = {
	.start = callback_start,
	.apply = callback_apply,
};

static int callback_probe(struct platform_device *pdev)
{
	struct callback *callback = devm_kzalloc(&pdev->dev, sizeof(*callback), GFP_KERNEL);

	callback->ops = &callback_ops;
	callback->frame = devm_clk_get(&pdev->dev, "frame");
	callback->line = devm_clk_get(&pdev->dev, "line");
	return framework_register(&pdev->dev, &callback_ops);
}

static const struct of_device_id callback_ids[] = { { .compatible = "acme,callback" }, { } };

static struct platform_driver callback_driver = {
	.probe = callback_probe,
	.driver = { .of_match_table = callback_ids },
};
