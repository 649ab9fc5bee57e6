/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clock specifiers of the acme Orrery SoC.
 *
 * A blob has numbers only: a clock is "this provider, this cell". An agents file names them the same
 * way, `&cru 51`; where the board is read from its source, `&cru CRU_ACLK_MEDIA` does as well.
 */

#ifndef ORRERY_CLOCK_H
#define ORRERY_CLOCK_H

/* cru: the main clock and reset unit */
#define CRU_PLL_SYS		0
#define CRU_PLL_CPU		1
#define CRU_PLL_GPU		2
#define CRU_PLL_AUDIO		3
#define CRU_PLL_VIDEO		4
#define CRU_CLK_CPU		5
#define CRU_CLK_DDR		6
#define CRU_ACLK_MAIN		7	/* main interconnect */
#define CRU_CLK_AON_BUS		8	/* feeds aon_cru */
#define CRU_PCLK_PERI		9	/* register bus of the peripherals */
#define CRU_CLK_UART1		10
#define CRU_CLK_UART2		11
#define CRU_CLK_UART3		12
#define CRU_CLK_UART4		13
#define CRU_CLK_UART5		14
#define CRU_CLK_I2C1		15
#define CRU_CLK_I2C3		16
#define CRU_CLK_I2C4		17
#define CRU_CLK_SPI0		18
#define CRU_CLK_SPI1		19
#define CRU_CLK_CAN_ROOT	20
#define CRU_CLK_I2S0		21
#define CRU_CLK_MCLK_OUT	22
#define CRU_CLK_AUDIO_BUS	23
#define CRU_CLK_PWM0		24
#define CRU_CLK_GPT0		25
#define CRU_CLK_GPT1		26
#define CRU_CLK_ADC		27
#define CRU_CLK_DMA		28
#define CRU_CLK_RNG		29
#define CRU_CLK_CRYPTO		30
#define CRU_CLK_EMMC		31
#define CRU_CLK_SD		32
#define CRU_CLK_SDIO		33
#define CRU_HCLK_STORAGE	34	/* bus of the three SD/MMC hosts */
#define CRU_CLK_MAC0		35
#define CRU_CLK_MAC1		36
#define CRU_CLK_PTP		37	/* time stamps, both MACs */
#define CRU_CLK_USB		38
#define CRU_CLK_USB_PHY_REF	39
#define CRU_CLK_PCIE_AUX	40
#define CRU_CLK_PCIE_PHY_REF	41
#define CRU_CLK_GPU		42
#define CRU_ACLK_GPU		43
#define CRU_CLK_NPU		44
#define CRU_ACLK_NPU		45
#define CRU_CLK_VPU		46
#define CRU_CLK_ISP		47
#define CRU_CLK_DPI		48	/* pixel clock */
#define CRU_PCLK_DSI		49
#define CRU_CLK_DSI_ESC		50
#define CRU_ACLK_MEDIA		51	/* interconnect of the media island */
#define CRU_CLK_SMMU		52

/* aon_cru: the always-on clock and reset unit */
#define AON_CLK_UART0		0
#define AON_PCLK		1	/* register bus of the always-on island */
#define AON_CLK_I2C0		2
#define AON_CLK_I2C2		3
#define AON_CLK_WDT0		4
#define AON_CLK_WDT1		5
#define AON_CLK_RTC		6
#define AON_CLK_TSENSOR		7
#define AON_CLK_EFUSE		8
#define AON_CLK_GPIO0		9

/* audiomix: gates inside the audio subsystem */
#define AUDIOMIX_I2S0		0
#define AUDIOMIX_I2S1		1

#endif
