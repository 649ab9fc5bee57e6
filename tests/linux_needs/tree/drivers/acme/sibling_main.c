#include "sibling.h"

static int sibling_probe(struct platform_device *pdev)
{
	struct sibling *sibling = devm_kzalloc(&pdev->dev, sizeof(*sibling), GFP_KERNEL);

	sibling->gate = devm_clk_get(&pdev->dev, "gate");
	sibling->serial = devm_clk_get(&pdev->dev, "serial");
	return sibling_rate(sibling, 115200);
}

static const struct of_device_id sibling_ids[] = { { .compatible = "acme,sibling" }, { } };

static struct platform_driver sibling_driver = {
	.probe = sibling_probe,
	.driver = { .of_match_table = sibling_ids },
};
