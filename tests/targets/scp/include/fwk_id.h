/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_ID_H
#define FWK_ID_H

#include <stdint.h>

enum {
    FWK_ID_TYPE_NONE = 1,
    FWK_ID_TYPE_MODULE = 2,
    FWK_ID_TYPE_ELEMENT = 3,
    FWK_ID_TYPE_SUB_ELEMENT = 4,
    FWK_ID_TYPE_API = 5,
    FWK_ID_TYPE_NOTIFICATION = 7,
};

/* 4 bits of type, 8 of module; then 12 of element, 4 of API, 6 of notification */
typedef union __fwk_id {
    uint32_t value;
    struct {
        uint32_t type : 4, module_idx : 8, reserved : 20;
    } common;
    struct {
        uint32_t type : 4, module_idx : 8, element_idx : 12, reserved : 8;
    } element;
    struct {
        uint32_t type : 4, module_idx : 8, element_idx : 12, sub_element_idx : 8;
    } sub_element;
    struct {
        uint32_t type : 4, module_idx : 8, api_idx : 4, reserved : 16;
    } api;
    struct {
        uint32_t type : 4, module_idx : 8, notification_idx : 6, reserved : 14;
    } notification;
} fwk_id_t;

typedef fwk_id_t fwk_optional_id_t;

#define FWK_ID_NONE_INIT { .common = { .type = FWK_ID_TYPE_NONE } }
#define FWK_ID_MODULE_INIT(module) \
    { .common = { .type = FWK_ID_TYPE_MODULE, \
                  .module_idx = (uint32_t)(module) } }
#define FWK_ID_ELEMENT_INIT(module, index) \
    { .element = { .type = FWK_ID_TYPE_ELEMENT, \
                   .module_idx = (uint32_t)(module), \
                   .element_idx = (uint32_t)(index) } }
#define FWK_ID_SUB_ELEMENT_INIT(module, index, sub) \
    { .sub_element = { .type = FWK_ID_TYPE_SUB_ELEMENT, \
                       .module_idx = (uint32_t)(module), \
                       .element_idx = (uint32_t)(index), \
                       .sub_element_idx = (uint32_t)(sub) } }
#define FWK_ID_API_INIT(module, index) \
    { .api = { .type = FWK_ID_TYPE_API, \
               .module_idx = (uint32_t)(module), \
               .api_idx = (uint32_t)(index) } }
#define FWK_ID_NOTIFICATION_INIT(module, index) \
    { .notification = { .type = FWK_ID_TYPE_NOTIFICATION, \
                        .module_idx = (uint32_t)(module), \
                        .notification_idx = (uint32_t)(index) } }

#define FWK_ID_MODULE(module) ((fwk_id_t)FWK_ID_MODULE_INIT(module))
#define FWK_ID_API(module, index) ((fwk_id_t)FWK_ID_API_INIT(module, index))

static inline _Bool fwk_id_is_type(fwk_id_t id, unsigned int type)
{
    return id.common.type == type;
}

static inline _Bool fwk_id_is_equal(fwk_id_t left, fwk_id_t right)
{
    return left.value == right.value;
}

static inline unsigned int fwk_id_get_element_idx(fwk_id_t id)
{
    return id.element.element_idx;
}

#endif /* FWK_ID_H */
