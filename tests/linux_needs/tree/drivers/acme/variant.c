#define VARIANT_SLOW BIT(0)
#define VARIANT_LOUD BIT(3)

struct variant_data {
	const char *name;
	unsigned int flags;
	bool has_second;
};

struct variant {
	const struct variant_data *data;
	bool second;
};

static const struct variant_data variant_one = { .name = "one", .flags = VARIANT_SLOW };
static const struct variant_data variant_two = {
	.name = "two",
	.flags = VARIANT_SLOW | VARIANT_LOUD,
	.has_second = true,
};

static int variant_probe(struct platform_device *pdev)
{
	struct variant *variant = devm_kzalloc(&pdev->dev, sizeof(*variant), GFP_KERNEL);
	struct clk *clk, *loud, *second;

	variant->data = of_device_get_match_data(&pdev->dev);
	variant->second = variant->data->has_second;
	clk = devm_clk_get(&pdev->dev, variant->data->name);
	clk_set_rate(clk, 1);
	loud = devm_clk_get(&pdev->dev, "loud");
	if (variant->data->flags & VARIANT_LOUD)
		clk_set_rate(loud, 1);
	second = devm_clk_get(&pdev->dev, "second");
	if (!variant->second)
		return 0;
	return clk_set_rate(second, 1);
}

static int marked_probe(struct platform_device *pdev)
{
	struct clk *clk = devm_clk_get(&pdev->dev, "marked");

	if (of_device_is_compatible(pdev->dev.of_node, "acme,marked-two"))
		clk_set_rate(clk, 1);
	return 0;
}

static const struct of_device_id variant_ids[] = {
	{ .compatible = "acme,variant-one", .data = &variant_one },
	{ .compatible = "acme,variant-two", .data = &variant_two },
	{ }
};

#define MARKED(number) { .compatible = "acme,marked-" number }

static const struct of_device_id marked_ids[] = {
	MARKED("one"),
	MARKED("two"),
	{ }
};

static struct platform_driver variant_driver = {
	.probe = variant_probe,
	.driver = { .of_match_table = variant_ids },
};

static struct platform_driver marked_driver = {
	.probe = marked_probe,
	.driver = { .of_match_table = marked_ids },
};

/* One switch over the kinds of the variants, and a flag that the node sets. */
enum chip_kind { CHIP_OLD, CHIP_NEW, CHIP_NEWEST };

struct chip_data {
	enum chip_kind kind;
};

struct chip {
	const struct chip_data *data;
	struct clk *sleep;
	struct clk *core;
	unsigned long quirks;
};

#define CHIP_SLOW BIT(0)
#define CHIP_LOUD BIT(1)

static int chip_probe(struct platform_device *pdev)
{
	struct chip *chip = devm_kzalloc(&pdev->dev, sizeof(*chip), GFP_KERNEL);

	chip->data = of_device_get_match_data(&pdev->dev);
	chip->core = devm_clk_get(&pdev->dev, "core");
	if (device_property_read_bool(&pdev->dev, "acme,slow"))
		chip->quirks |= CHIP_SLOW;
	if (chip->quirks & CHIP_SLOW)
		clk_set_rate(chip->core, 1);

	switch (chip->data->kind) {
	case CHIP_OLD:
		break;
	case CHIP_NEW:
		chip->sleep = devm_clk_get(&pdev->dev, "sleep");
		break;
	default:
		chip->sleep = devm_clk_get(&pdev->dev, "sleep");
		clk_set_rate(chip->sleep, 32768);
	}
	return 0;
}

static const struct chip_data chip_old = { .kind = CHIP_OLD };
static const struct chip_data chip_new = { .kind = CHIP_NEW };
static const struct chip_data chip_newest = { .kind = CHIP_NEWEST };

static const struct of_device_id chip_ids[] = {
	{ .compatible = "acme,chip-old", .data = &chip_old },
	{ .compatible = "acme,chip-new", .data = &chip_new },
	{ .compatible = "acme,chip-newest", .data = &chip_newest },
	{ }
};

static struct platform_driver chip_driver = {
	.probe = chip_probe,
	.driver = { .of_match_table = chip_ids },
};
