/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_MACROS_H
#define FWK_MACROS_H

#define FWK_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif /* FWK_MACROS_H */
