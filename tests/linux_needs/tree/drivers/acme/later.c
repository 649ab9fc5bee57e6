struct later {
	struct clk *clocks[2];
	unsigned int which;
};

static int later_set_source(struct snd_soc_dai *dai, int which)
{
	struct later *later = snd_soc_dai_get_drvdata(dai);

	later->which = which;
	return 0;
}

static int later_start(struct snd_soc_dai *dai)
{
	struct later *later = snd_soc_dai_get_drvdata(dai);

	return clk_set_rate(later->clocks[later->which], 1);
}

static const struct snd_soc_dai_ops later_ops = {
	.set_sysclk = later_set_source,
	.startup = later_start,
};

static int later_probe(struct platform_device *pdev)
{
	struct later *later = devm_kzalloc(&pdev->dev, sizeof(*later), GFP_KERNEL);

	later->clocks[0] = devm_clk_get(&pdev->dev, "first");
	later->clocks[1] = devm_clk_get(&pdev->dev, "second");
	later->which = 1;
	return later_register(&pdev->dev, &later_ops);
}

static const struct of_device_id later_ids[] = { { .compatible = "acme,later" }, { } };

static struct platform_driver later_driver = {
	.probe = later_probe,
	.driver = { .of_match_table = later_ids },
};
