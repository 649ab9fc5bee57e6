#define GET(dev, name) devm_clk_get(dev, #name "_clk")
#define GET_PLAIN(dev, name) devm_clk_get(dev, #name)

static int spare_made_probe(struct platform_device *pdev)
{
	char name[16];

	GET_PLAIN(&pdev->dev, written);
	snprintf(name, sizeof(name), "channel-%02d", pdev->id);
	devm_clk_get(&pdev->dev, "lane" LANE_NUMBER);
	return PTR_ERR_OR_ZERO(devm_clk_get(&pdev->dev, name));
}

static const struct of_device_id spare_made_ids[] = { { .compatible = "acme,spare-made" }, { } };

static struct platform_driver spare_made_driver = {
	.probe = spare_made_probe,
	.driver = { .of_match_table = spare_made_ids },
};
