/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt specifiers of the Arm GIC: <type number flags>. */

#ifndef ORRERY_IRQ_H
#define ORRERY_IRQ_H

#define GIC_SPI			0
#define GIC_PPI			1

#define IRQ_TYPE_LEVEL_HIGH	4
#define IRQ_TYPE_LEVEL_LOW	8

#endif
