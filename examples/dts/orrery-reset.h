/* SPDX-License-Identifier: BSD-3-Clause */
/* Reset specifiers of the acme Orrery SoC. */

#ifndef ORRERY_RESET_H
#define ORRERY_RESET_H

/* cru */
#define CRU_RST_UART1		0
#define CRU_RST_UART2		1
#define CRU_RST_UART3		2
#define CRU_RST_UART4		3
#define CRU_RST_UART5		4
#define CRU_RST_I2C1		5
#define CRU_RST_I2C3		6
#define CRU_RST_I2C4		7
#define CRU_RST_SPI0		8
#define CRU_RST_SPI1		9
#define CRU_RST_CAN0		10
#define CRU_RST_CAN1		11
#define CRU_RST_I2S0		12
#define CRU_RST_GPT0		13
#define CRU_RST_GPT1		14
#define CRU_RST_DMA		15
#define CRU_RST_RNG		16
#define CRU_RST_CRYPTO		17
#define CRU_RST_EMMC		18
#define CRU_RST_SD		19
#define CRU_RST_SDIO		20
#define CRU_RST_MAC0		21
#define CRU_RST_MAC1		22
#define CRU_RST_USB0		23
#define CRU_RST_USB_PHY0	24
#define CRU_RST_PCIE		25
#define CRU_RST_PCIE_PHY	26
#define CRU_RST_GPU		27
#define CRU_RST_NPU		28
#define CRU_RST_VPU		29
#define CRU_RST_ISP		30
#define CRU_RST_DC		31
#define CRU_RST_DSI		32
#define CRU_RST_DSI_PHY		33

/* aon_cru */
#define AON_RST_UART0		0
#define AON_RST_I2C0		1
#define AON_RST_I2C2		2
#define AON_RST_WDT0		3
#define AON_RST_TSENSOR		4

#endif
