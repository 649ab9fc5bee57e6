/* SPDX-License-Identifier: BSD-3-Clause */
/* Power domains of the acme Orrery SoC; indentation shows which stands inside which. */

#ifndef ORRERY_POWER_H
#define ORRERY_POWER_H

#define PD_GPU			0
#define PD_NPU			1
#define PD_MEDIA		2
#define   PD_VPU		3
#define   PD_ISP		4
#define   PD_DISPLAY		5
#define     PD_DSI		10
#define PD_HSIO			6
#define   PD_USB		7
#define   PD_PCIE		8
#define PD_AUDIO		9

#endif
