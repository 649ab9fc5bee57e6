/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_INTERRUPT_H
#define FWK_INTERRUPT_H

#include <limits.h>

#define FWK_INTERRUPT_NONE (UINT_MAX - 1)

#endif /* FWK_INTERRUPT_H */
