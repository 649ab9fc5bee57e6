/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_MODULE_H
#define FWK_MODULE_H

#include <fwk_element.h>
#include <fwk_id.h>

enum fwk_module_elements_type {
    FWK_MODULE_ELEMENTS_TYPE_NONE,
    FWK_MODULE_ELEMENTS_TYPE_STATIC,
    FWK_MODULE_ELEMENTS_TYPE_DYNAMIC,
};

struct fwk_module_elements {
    enum fwk_module_elements_type type;
    union {
        const struct fwk_element *table;
        const struct fwk_element *(*generator)(fwk_id_t module_id);
    };
};

#define FWK_MODULE_STATIC_ELEMENTS_PTR(elements) \
    { .type = FWK_MODULE_ELEMENTS_TYPE_STATIC, .table = (elements) }

const void *fwk_module_get_data(fwk_id_t id);

struct fwk_module_config {
    const void *data;
    struct fwk_module_elements elements;
};

#endif /* FWK_MODULE_H */
