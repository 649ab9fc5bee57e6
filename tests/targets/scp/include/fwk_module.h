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

enum fwk_module_type {
    FWK_MODULE_TYPE_HAL,
    FWK_MODULE_TYPE_DRIVER,
    FWK_MODULE_TYPE_PROTOCOL,
};

struct fwk_event;
struct fwk_io_stream;

struct fwk_io_adapter {
    int (*open)(const struct fwk_io_stream *stream);
    int (*getch)(const struct fwk_io_stream *stream, char *ch);
    int (*putch)(const struct fwk_io_stream *stream, char ch);
    int (*close)(const struct fwk_io_stream *stream);
};

/* As it is with notifications in the build */
struct fwk_module {
    enum fwk_module_type type;
    unsigned int api_count;
    unsigned int event_count;
    unsigned int notification_count;
    struct fwk_io_adapter adapter;
    int (*init)(fwk_id_t module_id, unsigned int element_count, const void *data);
    int (*element_init)(fwk_id_t id, unsigned int count, const void *data);
    int (*post_init)(fwk_id_t module_id);
    int (*bind)(fwk_id_t id, unsigned int round);
    int (*start)(fwk_id_t id);
    int (*stop)(fwk_id_t id);
    int (*process_bind_request)(
        fwk_id_t source_id,
        fwk_id_t target_id,
        fwk_id_t api_id,
        const void **api);
    int (*process_event)(const struct fwk_event *event, struct fwk_event *response);
    int (*process_notification)(
        const struct fwk_event *event,
        struct fwk_event *response);
};

int fwk_module_bind(fwk_id_t target_id, fwk_id_t api_id, const void *api);

#endif /* FWK_MODULE_H */
