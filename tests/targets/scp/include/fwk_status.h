/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef FWK_STATUS_H
#define FWK_STATUS_H

enum {
    FWK_SUCCESS = 0,
    FWK_E_PARAM = -1,
    FWK_E_ACCESS = -5,
    FWK_E_STATE = -15,
};

#endif /* FWK_STATUS_H */
