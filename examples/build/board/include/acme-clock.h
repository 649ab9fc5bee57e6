/* SPDX-License-Identifier: BSD-3-Clause */
#define ACME_CLK_UART 4
#define ACME_CLK_WATCHDOG 7
#define ACME_RST_UART 2
