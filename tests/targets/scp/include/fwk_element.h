/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_ELEMENT_H
#define FWK_ELEMENT_H

#include <stddef.h>

struct fwk_element {
    const char *name;
    size_t sub_element_count;
    const void *data;
};

#endif /* FWK_ELEMENT_H */
