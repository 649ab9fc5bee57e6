static void __init declared_init(struct device_node *np)
{
	struct clk *tick = of_clk_get(np, 1);

	clk_set_rate(tick, 1000000);
}
TIMER_OF_DECLARE(declared, "acme,declared", declared_init);

static void __init spoken_init(struct device_node *np)
{
	struct clk *spoken = of_clk_get_by_name(np, "spoken");

	clk_set_parent(spoken, of_clk_get(np, 0));
}
CLK_OF_DECLARE(spoken, "acme,spoken", spoken_init);
