/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Results of OP-TEE.
 */

#ifndef TEE_API_TYPES_H
#define TEE_API_TYPES_H

#include <stdint.h>

typedef uint32_t TEE_Result;

#define TEE_SUCCESS 0x00000000

#endif /* TEE_API_TYPES_H */
