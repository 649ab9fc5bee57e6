/*
 * Declarations of OP-TEE that the emitted files use, written by hand from its headers (d5001fe0af66): names and
 * types are the firmware's, whatever is behind them is only for the build machine.
 */
#ifndef OPTEE_H
#define OPTEE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __weak __attribute__((weak))
#define __unused __attribute__((unused))
#define U(v) v##U
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define EMSG(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr))

typedef uint32_t TEE_Result;
typedef uintptr_t vaddr_t;
typedef uintptr_t paddr_t;
#define TEE_SUCCESS 0

static inline size_t confine_array_index(size_t index, size_t size)
{
	return index < size ? index : 0;
}

struct io_pa_va {
	paddr_t pa;
	vaddr_t va;
};

enum teecore_memtypes { MEM_AREA_IO_NSEC };
#define register_phys_mem(type, addr, size) struct registered_at_##addr { int unused; }

static inline void *phys_to_virt(paddr_t pa, enum teecore_memtypes m __unused, size_t len __unused)
{
	return (void *)pa;
}

struct mutex_pm_aware {
	int held;
};
#define MUTEX_PM_AWARE_INITIALIZER { 0 }
static inline void mutex_pm_aware_lock(struct mutex_pm_aware *m) { assert(!m->held++); }
static inline void mutex_pm_aware_unlock(struct mutex_pm_aware *m) { assert(!--m->held); }

TEE_Result walker_init(void);
#define driver_init_late(fn) TEE_Result walker_init(void) { return fn(); } struct unused_##fn

#define SCMI_PROTOCOL_ID_PERF 0x13
#define SCMI_PROTOCOL_ID_CLOCK 0x14
#define SCMI_PROTOCOL_ID_RESET_DOMAIN 0x16
#define SCMI_PROTOCOL_ID_VOLTAGE_DOMAIN 0x17
#define SCMI_SUCCESS 0
#define SCMI_NOT_SUPPORTED (-1)
#define SCMI_INVALID_PARAMETERS (-2)
#define SCMI_DENIED (-3)
#define SCMI_NOT_FOUND (-4)
#define SCMI_OUT_OF_RANGE (-5)

#define SMT_BUF_SLOT_SIZE U(128)
#define SCMI_VOLTAGE_DOMAIN_CONFIG_ARCH_ON U(0x7)
#define SCMI_VOLTAGE_DOMAIN_CONFIG_ARCH_OFF U(0)

struct scmi_msg_channel {
	struct io_pa_va shm_addr;
	size_t shm_size;
	bool busy;
	bool threaded;
};
void scmi_smt_init_agent_channel(struct scmi_msg_channel *channel);

struct scmi_msg_channel *plat_scmi_get_channel(unsigned int channel_id);
size_t plat_scmi_protocol_count(void);
const uint8_t *plat_scmi_protocol_list(unsigned int channel_id);
const char *plat_scmi_vendor_name(void);
const char *plat_scmi_sub_vendor_name(void);

size_t plat_scmi_clock_count(unsigned int channel_id);
const char *plat_scmi_clock_get_name(unsigned int channel_id, unsigned int scmi_id);
int32_t plat_scmi_clock_rates_array(unsigned int channel_id, unsigned int scmi_id, size_t start_index,
				    unsigned long *rates, size_t *nb_elts);
int32_t plat_scmi_clock_rates_by_step(unsigned int channel_id, unsigned int scmi_id, unsigned long *min_max_step);
unsigned long plat_scmi_clock_get_rate(unsigned int channel_id, unsigned int scmi_id);
int32_t plat_scmi_clock_set_rate(unsigned int channel_id, unsigned int scmi_id, unsigned long rate);
int32_t plat_scmi_clock_get_state(unsigned int channel_id, unsigned int scmi_id);
int32_t plat_scmi_clock_set_state(unsigned int channel_id, unsigned int scmi_id, bool enable_not_disable);

size_t plat_scmi_rd_count(unsigned int channel_id);
const char *plat_scmi_rd_get_name(unsigned int channel_id, unsigned int scmi_id);
int32_t plat_scmi_rd_autonomous(unsigned int channel_id, unsigned int scmi_id, unsigned int state);
int32_t plat_scmi_rd_set_state(unsigned int channel_id, unsigned int scmi_id, bool assert_not_deassert);

size_t plat_scmi_voltd_count(unsigned int channel_id);
const char *plat_scmi_voltd_get_name(unsigned int channel_id, unsigned int scmi_id);
int32_t plat_scmi_voltd_levels_array(unsigned int channel_id, unsigned int scmi_id, size_t start_index, long *levels,
				     size_t *nb_elts);
int32_t plat_scmi_voltd_levels_by_step(unsigned int channel_id, unsigned int scmi_id, long *min_max_step);
int32_t plat_scmi_voltd_get_level(unsigned int channel_id, unsigned int scmi_id, long *level);
int32_t plat_scmi_voltd_set_level(unsigned int channel_id, unsigned int scmi_id, long level);
int32_t plat_scmi_voltd_get_config(unsigned int channel_id, unsigned int scmi_id, uint32_t *config);
int32_t plat_scmi_voltd_set_config(unsigned int channel_id, unsigned int scmi_id, uint32_t config);

size_t plat_scmi_perf_count(unsigned int channel_id);
const char *plat_scmi_perf_domain_name(unsigned int channel_id, unsigned int domain_id);
int32_t plat_scmi_perf_sustained_freq(unsigned int channel_id, unsigned int domain_id, unsigned int *freq);
int32_t plat_scmi_perf_levels_array(unsigned int channel_id, unsigned int domain_id, size_t start_index,
				    unsigned int *elt, size_t *nb_elts);
int32_t plat_scmi_perf_level_latency(unsigned int channel_id, unsigned int domain_id, unsigned int level,
				     unsigned int *latency);
int32_t plat_scmi_perf_level_power_cost(unsigned int channel_id, unsigned int domain_id, unsigned int level,
					unsigned int *power_cost);
int32_t plat_scmi_perf_level_get(unsigned int channel_id, unsigned int domain_id, unsigned int *level);
int32_t plat_scmi_perf_level_set(unsigned int channel_id, unsigned int domain_id, unsigned int level);

#endif
