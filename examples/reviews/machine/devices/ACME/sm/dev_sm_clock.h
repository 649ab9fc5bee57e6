/* SPDX-License-Identifier: BSD-3-Clause */
#define DEV_SM_CLK_UART1 0U
#define DEV_SM_CLK_UART2 1U
