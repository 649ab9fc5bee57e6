/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What OP-TEE calls before it starts SCP-firmware.
 */

#ifndef INITCALL_H
#define INITCALL_H

#include <tee_api_types.h>

#define service_init(function) TEE_Result (*const boot_##function)(void) = function

#endif /* INITCALL_H */
