#include "sibling.h"

int sibling_rate(struct sibling *sibling, unsigned long rate)
{
	return clk_set_rate(sibling->serial, rate * 16);
}
