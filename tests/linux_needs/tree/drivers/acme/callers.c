#define callers_new(callers) ((callers)->data->version == 2)

struct callers_data {
	int version;
	bool extra;
};

struct callers {
	const struct callers_data *data;
	struct clk *one;
	struct clk *extra;
	struct clk *idle;
	struct clk *made;
};

static const struct callers_data callers_one = { .version = 1 };
static const struct callers_data callers_two = { .version = 2, .extra = true };

static bool callers_has_extra(struct callers *callers)
{
	return callers->data->extra;
}

static int callers_set_extra(struct callers *callers)
{
	return clk_set_rate(callers->extra, 1);
}

#if 0
static int callers_set_idle(struct callers *callers)
{
	return clk_set_rate(callers->idle, 1);
}
#endif

static int callers_probe(struct platform_device *pdev)
{
	struct callers *callers = devm_kzalloc(&pdev->dev, sizeof(*callers), GFP_KERNEL);
	int ret;

	callers->data = of_device_get_match_data(&pdev->dev);
	if (!callers->data)
		return -ENODEV;
	callers->one = devm_clk_get(&pdev->dev, "one");
	callers->extra = devm_clk_get(&pdev->dev, "extra");
	callers->idle = devm_clk_get(&pdev->dev, "idle");
	callers->made = clk_get(NULL, "made");
	clk_set_rate(callers->made, 1);
	if (!callers_new(callers))
		goto old;
	ret = clk_set_rate(callers->one, 1);
	if (ret)
		return ret;
old:
	if (callers_has_extra(callers))
		return callers_set_extra(callers);
	return 0;
}

static const struct of_device_id callers_ids[] = {
	{ .compatible = "acme,callers-one", .data = &callers_one },
	{ .compatible = "acme,callers-two", .data = &callers_two },
	{ }
};

static struct platform_driver callers_driver = {
	.probe = callers_probe,
	.driver = { .of_match_table = callers_ids },
};
