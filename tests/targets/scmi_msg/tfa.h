/*
 * Declarations of Trusted Firmware-A that the emitted files use, written by hand from its headers (6a164dda7208):
 * names and types are the firmware's, whatever is behind them is only for the build machine.
 */
#ifndef TFA_H
#define TFA_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __unused __attribute__((__unused__))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(x, y) ((x) < (y) ? (x) : (y))
#define BIT_32(nr) (UINT32_C(1) << (nr))
#define WARN(...) fprintf(stderr, __VA_ARGS__)

typedef struct spinlock {
	volatile uint32_t lock;
} spinlock_t;
static inline void spin_lock(spinlock_t *lock) { assert(!lock->lock); lock->lock = 1; }
static inline void spin_unlock(spinlock_t *lock) { assert(lock->lock); lock->lock = 0; }
static inline size_t own_strlcpy(char *dst, const char *src, size_t size)
{
	snprintf(dst, size, "%s", src);
	return strlen(src);
}
#undef strlcpy
#define strlcpy own_strlcpy

#define SCMI_PROTOCOL_ID_POWER_DOMAIN 0x11U
#define SCMI_PROTOCOL_ID_CLOCK 0x14U
#define SCMI_PROTOCOL_ID_SENSOR 0x15U
#define SCMI_PROTOCOL_ID_RESET_DOMAIN 0x16U
#define SCMI_SUCCESS 0
#define SCMI_NOT_SUPPORTED (-1)
#define SCMI_INVALID_PARAMETERS (-2)
#define SCMI_DENIED (-3)
#define SCMI_NOT_FOUND (-4)
#define SCMI_OUT_OF_RANGE (-5)

#define SMT_BUF_SLOT_SIZE 128U

struct scmi_msg_channel {
	uintptr_t shm_addr;
	size_t shm_size;
	bool busy;
	const char *agent_name;
};
void scmi_smt_init_agent_channel(struct scmi_msg_channel *chan);

struct scmi_msg_channel *plat_scmi_get_channel(unsigned int agent_id);
size_t plat_scmi_protocol_count(void);
const uint8_t *plat_scmi_protocol_list(unsigned int agent_id);
const char *plat_scmi_vendor_name(void);
const char *plat_scmi_sub_vendor_name(void);

size_t plat_scmi_clock_count(unsigned int agent_id);
const char *plat_scmi_clock_get_name(unsigned int agent_id, unsigned int scmi_id);
int32_t plat_scmi_clock_rates_array(unsigned int agent_id, unsigned int scmi_id, unsigned long *rates, size_t *nb_elts,
				    uint32_t start_idx);
int32_t plat_scmi_clock_rates_by_step(unsigned int agent_id, unsigned int scmi_id, unsigned long *min_max_step);
int32_t plat_scmi_clock_get_possible_parents(unsigned int agent_id, unsigned int scmi_id,
					     unsigned int *plat_possible_parents, size_t *nb_elts,
					     unsigned int skip_parents);
int32_t plat_scmi_clock_get_parent(unsigned int agent_id, unsigned int scmi_id, unsigned int *parent_id);
int32_t plat_scmi_clock_set_parent(unsigned int agent_id, unsigned int scmi_id, unsigned int parent_id);
unsigned long plat_scmi_clock_get_rate(unsigned int agent_id, unsigned int scmi_id);
int32_t plat_scmi_clock_set_rate(unsigned int agent_id, unsigned int scmi_id, unsigned long rate);
int32_t plat_scmi_clock_get_state(unsigned int agent_id, unsigned int scmi_id);
int32_t plat_scmi_clock_set_state(unsigned int agent_id, unsigned int scmi_id, bool enable_not_disable);

size_t plat_scmi_rstd_count(unsigned int agent_id);
const char *plat_scmi_rstd_get_name(unsigned int agent_id, unsigned int scmi_id);
int32_t plat_scmi_rstd_autonomous(unsigned int agent_id, unsigned int scmi_id, unsigned int state);
int32_t plat_scmi_rstd_set_state(unsigned int agent_id, unsigned int scmi_id, bool assert_not_deassert);

#endif
