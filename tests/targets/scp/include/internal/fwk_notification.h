/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What makes the free subscriptions of notifications.
 */

#ifndef INTERNAL_FWK_NOTIFICATION_H
#define INTERNAL_FWK_NOTIFICATION_H

static inline void __fwk_notification_reset(void)
{
}

#endif /* INTERNAL_FWK_NOTIFICATION_H */
