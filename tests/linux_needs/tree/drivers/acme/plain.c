#include <linux/acme.h>

struct plain {
	struct clk *bus;
	struct clk *core;
	void __iomem *base;
};

static int plain_set_speed(struct device *dev, unsigned long speed)
{
	struct plain *plain = dev_get_drvdata(dev);

	return clk_set_rate(plain->core, speed);
}

static int __init plain_probe(struct platform_device *pdev)
{
	struct plain *plain = devm_kzalloc(&pdev->dev, sizeof(*plain), GFP_KERNEL);

	plain->bus = devm_clk_get_enabled(&pdev->dev, "bus");
	plain->core = devm_clk_get(&pdev->dev, "core");
	if (IS_ERR(plain->core))
		return PTR_ERR(plain->core);
	return plain_set_speed(&pdev->dev, 1000);
}

static const struct of_device_id plain_ids[] = {
	{ .compatible = "acme,plain" },
	{ }
};

static struct platform_driver plain_driver = {
	.probe = plain_probe,
	.driver = { .name = "plain", .of_match_table = plain_ids },
};
module_platform_driver(plain_driver);
