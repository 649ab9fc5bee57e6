/*
 * Asks the functions plat_scmi_*() for every resource of every agent, and two ids further, as the firmware's drivers
 * do, and prints what they answer: first all that reads, then all that sets.
 */
#include "stubs.h"
#include "scmi_tables.h"
#ifdef FOR_TFA
#include "sensor.h"
#endif

#ifdef FOR_OPTEE
#define AGENTS SCMI_CHANNEL_COUNT
#define rstd_count plat_scmi_rd_count
#define rstd_name plat_scmi_rd_get_name
#define rstd_autonomous plat_scmi_rd_autonomous
#define rstd_set_state plat_scmi_rd_set_state
#else
#define AGENTS SCMI_AGENT_COUNT
#define rstd_count plat_scmi_rstd_count
#define rstd_name plat_scmi_rstd_get_name
#define rstd_autonomous plat_scmi_rstd_autonomous
#define rstd_set_state plat_scmi_rstd_set_state
#endif

/* Those that a board lacks are weak in the drivers, too */
#pragma weak plat_scmi_clock_count
#pragma weak plat_scmi_rd_count
#pragma weak plat_scmi_rstd_count
#pragma weak plat_scmi_voltd_count
#pragma weak plat_scmi_perf_count
#pragma weak plat_scmi_pd_count
#pragma weak plat_scmi_clock_get_name
#pragma weak plat_scmi_clock_rates_array
#pragma weak plat_scmi_clock_rates_by_step
#pragma weak plat_scmi_clock_get_possible_parents
#pragma weak plat_scmi_clock_get_parent
#pragma weak plat_scmi_clock_set_parent
#pragma weak plat_scmi_clock_get_rate
#pragma weak plat_scmi_clock_set_rate
#pragma weak plat_scmi_clock_get_state
#pragma weak plat_scmi_clock_set_state
#pragma weak plat_scmi_rd_get_name
#pragma weak plat_scmi_rd_autonomous
#pragma weak plat_scmi_rd_set_state
#pragma weak plat_scmi_rstd_get_name
#pragma weak plat_scmi_rstd_autonomous
#pragma weak plat_scmi_rstd_set_state
#pragma weak plat_scmi_voltd_get_name
#pragma weak plat_scmi_voltd_levels_array
#pragma weak plat_scmi_voltd_levels_by_step
#pragma weak plat_scmi_voltd_get_level
#pragma weak plat_scmi_voltd_set_level
#pragma weak plat_scmi_voltd_get_config
#pragma weak plat_scmi_voltd_set_config
#pragma weak plat_scmi_perf_domain_name
#pragma weak plat_scmi_perf_sustained_freq
#pragma weak plat_scmi_perf_levels_array
#pragma weak plat_scmi_perf_level_latency
#pragma weak plat_scmi_perf_level_power_cost
#pragma weak plat_scmi_perf_level_get
#pragma weak plat_scmi_perf_level_set
#pragma weak sensor_ops

#define BEYOND 2

void scmi_smt_init_agent_channel(struct scmi_msg_channel *channel)
{
	(void)channel;
}

static void name(const char *kind, unsigned int agent, unsigned int id, const char *text)
{
	printf("%s %u %u name=", kind, agent, id);
	for (; text && *text; text++)
		printf("%02x", (unsigned char)*text);
	printf("%s", text ? "" : "-");
}

static int32_t describe_clock(unsigned int agent, unsigned int id, unsigned long *first)
{
	unsigned long rates[3] = { 0 };
	size_t count = 0;
	int32_t status;

	*first = 0;
#ifdef FOR_OPTEE
	status = plat_scmi_clock_rates_array(agent, id, 0, NULL, &count);
#else
	status = plat_scmi_clock_rates_array(agent, id, NULL, &count, 0);
#endif
	if (status == SCMI_NOT_SUPPORTED) {
		status = plat_scmi_clock_rates_by_step(agent, id, rates);
		if (!status)
			printf(" range=%lu,%lu,%lu", rates[0], rates[1], rates[2]);
		*first = rates[0];
		return status;
	}
	if (status)
		return status;
	printf(" list=");
	for (size_t at = 0; at < count; at++) {
		size_t one = 1;

#ifdef FOR_OPTEE
		assert(!plat_scmi_clock_rates_array(agent, id, at, rates, &one));
#else
		assert(!plat_scmi_clock_rates_array(agent, id, rates, &one, at));
#endif
		assert(one == 1);
		printf("%s%lu", at ? "," : "", rates[0]);
		if (!at)
			*first = rates[0];
	}
#ifdef FOR_OPTEE
	assert(plat_scmi_clock_rates_array(agent, id, count + 1, rates, &count) == SCMI_OUT_OF_RANGE);
#else
	/* The driver counts what is left in a type without a sign */
	count = 10;
	assert(plat_scmi_clock_rates_array(agent, id, rates, &count, UINT32_MAX) == SCMI_OUT_OF_RANGE);
#endif
	return 0;
}

static void read_clocks(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_clock_count(agent) + BEYOND; id++) {
		unsigned long first;
		int32_t status;

		name("clock", agent, id, plat_scmi_clock_get_name(agent, id));
		status = describe_clock(agent, id, &first);
		printf(" read=%d rate=%lu on=%d", status, plat_scmi_clock_get_rate(agent, id),
		       plat_scmi_clock_get_state(agent, id));
#ifndef FOR_OPTEE
		unsigned int parents[256], parent = 0;
		size_t count = 0, got = 256;

		status = plat_scmi_clock_get_possible_parents(agent, id, NULL, &count, 0);
		if (!status) {
			assert(!plat_scmi_clock_get_possible_parents(agent, id, parents, &got, 0));
			assert(got == count);
			printf(" parents=");
			for (size_t n = 0; n < count; n++)
				printf("%s%u", n ? "," : "", parents[n]);
			if (count > 1) {
				got = 1;
				assert(!plat_scmi_clock_get_possible_parents(agent, id, &parent, &got, 1));
				assert(got == 1 && parent == parents[1]);
			}
		}
		status = plat_scmi_clock_get_parent(agent, id, &parent);
		if (status)
			printf(" parent=%d", status);
		else
			printf(" parent=id%u", parent);
#endif
		putchar('\n');
	}
}

static void set_clocks(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_clock_count(agent) + BEYOND; id++) {
		const unsigned long rate = plat_scmi_clock_get_rate(agent, id);
		const int32_t on = plat_scmi_clock_get_state(agent, id);

		printf("set-clock %u %u state=%d rate=%d", agent, id, plat_scmi_clock_set_state(agent, id, on),
		       plat_scmi_clock_set_rate(agent, id, rate));
#ifndef FOR_OPTEE
		unsigned int parents[256];
		size_t got = 256;

		if (plat_scmi_clock_get_possible_parents(agent, id, parents, &got, 0) || !got)
			parents[0] = id;
		printf(" parent=%d", plat_scmi_clock_set_parent(agent, id, parents[0]));
#endif
		putchar('\n');
	}
}

static void resets(unsigned int agent)
{
	for (unsigned int id = 0; id < rstd_count(agent) + BEYOND; id++) {
		name("reset", agent, id, rstd_name(agent, id));
		printf(" cycle=%d warm=%d", rstd_autonomous(agent, id, 0), rstd_autonomous(agent, id, 1));
		printf(" assert=%d deassert=%d\n", rstd_set_state(agent, id, true), rstd_set_state(agent, id, false));
	}
}

#ifdef FOR_OPTEE
static void read_supplies(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_voltd_count(agent) + BEYOND; id++) {
		long levels[3] = { 0 }, level = 0;
		uint32_t config = 99;
		size_t count = 0;
		int32_t status;

		name("voltd", agent, id, plat_scmi_voltd_get_name(agent, id));
		status = plat_scmi_voltd_levels_array(agent, id, 0, NULL, &count);
		if (status == SCMI_NOT_SUPPORTED) {
			status = plat_scmi_voltd_levels_by_step(agent, id, levels);
			if (!status)
				printf(" range=%ld,%ld,%ld", levels[0], levels[1], levels[2]);
		} else if (!status) {
			printf(" list=");
			for (size_t at = 0; at < count; at++) {
				size_t one = 1;

				assert(!plat_scmi_voltd_levels_array(agent, id, at, levels, &one));
				printf("%s%ld", at ? "," : "", levels[0]);
			}
		}
		printf(" read=%d", status);
		status = plat_scmi_voltd_get_level(agent, id, &level);
		printf(" level=%d,%ld", status, level);
		status = plat_scmi_voltd_get_config(agent, id, &config);
		printf(" config=%d,%u\n", status, config);
	}
}

static void set_supplies(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_voltd_count(agent) + BEYOND; id++) {
		uint32_t config = 0;
		long level = 0;

		plat_scmi_voltd_get_config(agent, id, &config);
		plat_scmi_voltd_get_level(agent, id, &level);
		printf("set-voltd %u %u state=%d level=%d odd=%d\n", agent, id,
		       plat_scmi_voltd_set_config(agent, id, config), plat_scmi_voltd_set_level(agent, id, level),
		       plat_scmi_voltd_set_config(agent, id, 3));
	}
}

static void read_domains(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_perf_count(agent) + BEYOND; id++) {
		unsigned int freq = 0, level = 0;
		size_t count = 0;
		int32_t status;

		name("perf", agent, id, plat_scmi_perf_domain_name(agent, id));
		status = plat_scmi_perf_sustained_freq(agent, id, &freq);
		printf(" sustained=%d,%u", status, freq);
		status = plat_scmi_perf_levels_array(agent, id, 0, NULL, &count);
		if (!status) {
			printf(" list=");
			for (size_t at = 0; at < count; at++) {
				unsigned int latency = 0, power = 0;
				size_t one = 1;

				assert(!plat_scmi_perf_levels_array(agent, id, at, &level, &one));
				assert(!plat_scmi_perf_level_latency(agent, id, level, &latency));
				assert(!plat_scmi_perf_level_power_cost(agent, id, level, &power));
				printf("%s%u:%u:%u", at ? "," : "", level, power, latency);
			}
		}
		printf(" read=%d", status);
		level = 0;
		status = plat_scmi_perf_level_get(agent, id, &level);
		printf(" level=%d,%u\n", status, level);
	}
}

static void set_domains(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_perf_count(agent) + BEYOND; id++) {
		unsigned int level = 0;

		plat_scmi_perf_level_get(agent, id, &level);
		printf("set-perf %u %u level=%d other=%d\n", agent, id, plat_scmi_perf_level_set(agent, id, level),
		       plat_scmi_perf_level_set(agent, id, 4294967295U));
	}
}
#else
size_t plat_scmi_pd_count(unsigned int agent_id);
const char *plat_scmi_pd_get_name(unsigned int agent_id, unsigned int pd_id);
unsigned int plat_scmi_pd_get_attributes(unsigned int agent_id, unsigned int pd_id);
unsigned int plat_scmi_pd_get_state(unsigned int agent_id, unsigned int pd_id);
int32_t plat_scmi_pd_set_state(unsigned int agent_id, unsigned int flags, unsigned int pd_id, unsigned int state);
#pragma weak plat_scmi_pd_get_name
#pragma weak plat_scmi_pd_get_attributes
#pragma weak plat_scmi_pd_get_state
#pragma weak plat_scmi_pd_set_state

static void read_domains(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_pd_count(agent) + BEYOND; id++) {
		name("pd", agent, id, plat_scmi_pd_get_name(agent, id));
		printf(" attributes=%x state=%x\n", plat_scmi_pd_get_attributes(agent, id),
		       plat_scmi_pd_get_state(agent, id));
	}
}

static void set_domains(unsigned int agent)
{
	for (unsigned int id = 0; id < plat_scmi_pd_count(agent) + BEYOND; id++) {
		const unsigned int state = plat_scmi_pd_get_state(agent, id);

		printf("set-pd %u %u state=%d later=%d odd=%d\n", agent, id, plat_scmi_pd_set_state(agent, 0, id, state),
		       plat_scmi_pd_set_state(agent, 1, id, state), plat_scmi_pd_set_state(agent, 0, id, 7));
	}
}

static void read_sensors(unsigned int agent)
{
	for (unsigned int id = 0; id < sensor_ops.sensor_count(agent) + BEYOND; id++) {
		struct scmi_sensor_desc about;
		uint32_t value[4] = { 0 }, flags;
		int32_t status;

		memset(&about, 0x5a, sizeof(about));
		flags = sensor_ops.sensor_description_get(agent, id, &about);
		name("sensor", agent, id, (const char *)about.name);
		printf(" flags=%x id=%u high=%x", flags, about.id, about.attr_high);
		status = sensor_ops.sensor_reading_get(agent, id, value);
		printf(" value=%d,%u on=%u\n", status, status ? 0 : value[0], sensor_ops.sensor_state(agent, id));
	}
}
#endif

int main(void)
{
#ifdef FOR_OPTEE
	walker_init();
#else
	scmi_tables_init();
#endif
	printf("count %zu\n", plat_scmi_protocol_count());
	for (unsigned int agent = 0; agent < AGENTS + BEYOND; agent++) {
		const uint8_t *protocols = plat_scmi_protocol_list(agent);

		printf("protocols %u", agent);
		for (; protocols && *protocols; protocols++)
			printf(" %02x", *protocols);
		if (!protocols)
			printf(" -");
		putchar('\n');
		if (plat_scmi_clock_count)
			read_clocks(agent);
#ifdef FOR_OPTEE
		if (plat_scmi_voltd_count)
			read_supplies(agent);
		if (plat_scmi_perf_count)
			read_domains(agent);
#else
		if (plat_scmi_pd_count)
			read_domains(agent);
		if (&sensor_ops)
			read_sensors(agent);
#endif
		if (rstd_count)
			resets(agent);
	}
	for (unsigned int agent = 0; agent < AGENTS + BEYOND; agent++) {
		if (plat_scmi_clock_count)
			set_clocks(agent);
#ifdef FOR_OPTEE
		if (plat_scmi_voltd_count)
			set_supplies(agent);
		if (plat_scmi_perf_count)
			set_domains(agent);
#else
		if (plat_scmi_pd_count)
			set_domains(agent);
#endif
	}
	return 0;
}
