static int pl031_probe(struct amba_device *adev)
{
	return clk_set_rate(devm_clk_get(&adev->dev, NULL), 1);
}

static struct amba_driver pl031_driver = {
	.probe = pl031_probe,
};
