/*
 * The firmware that QEMU's `-M virt` lacks for the SMC transport of SCMI: an EL2 monitor of one page
 * of code, in front of an unmodified Linux.
 *
 *   qemu-system-aarch64 -M virt,virtualization=on      starts this image at EL2, on CPU 0
 *     -serial stdio -serial chardev:DOORBELL           the second UART is the doorbell
 *
 * Linux, 2 MiB behind the start of this image, runs at EL1. Its SMCs come here (HCR_EL2.TSC):
 *
 *   an SCMI id         a byte to the doorbell; returns 0 when a byte comes back, else, after PATIENCE,
 *                      NOT_SUPPORTED, the only error that Linux' transport knows
 *   PSCI               goes on to QEMU. QEMU starts a CPU at EL2, so CPU_ON starts it here first
 *   SMCCC_VERSION,     answered here, and so is PSCI_FEATURES about it: QEMU has none, and without it
 *   ARCH_FEATURES      Linux never calls
 *   anything else      NOT_SUPPORTED; QEMU would raise an undefined instruction here
 *
 * The messages are not touched: they are in shared memory, which Linux and the server write.
 *
 * Built with clang or gcc, without a linker: nothing here is relocated. Two symbols are given:
 *   SCMI_SMC_IDS   the ids that ring, separated by commas (arm,smc-id of the tree)
 *   LINUX_SIZE     the image_size of Linux' header
 *
 * For CPUs of Armv8.0, such as cortex-a57, at most 16. The tree keeps Linux away from the first
 * MONITOR_SIZE bytes at 0x40200000, where QEMU puts this image, and from the second UART.
 */

        .set    MONITOR_SIZE, 0x200000          /* Linux is 2 MiB aligned */
        .set    CONSOLE, 0x0900                 /* upper half of the address of -M virt's first UART */
        .set    DOORBELL, 0x0904                /* … of its second one */
        .set    CPUS, 16
        .set    PATIENCE, 5                     /* seconds, for a server on a machine that does other things */
        .set    STACK, 64

        /* Registers of the PL011 */
        .set    DR, 0x00
        .set    FR, 0x18
        .set    FR_RXFE_BIT, 4                  /* nothing received */
        .set    LCR_H, 0x2c
        .set    LCR_H_FIFO, 0x70                /* 8 bits, with the FIFO */
        .set    CR, 0x30
        .set    CR_ON, 0x301                    /* UARTEN, TXE, RXE */

        .set    HCR_TSC, 1 << 19                /* SMC of EL1 comes here */
        .set    HCR_RW, 1 << 31                 /* EL1 is AArch64 */
        .set    EL1H_MASKED, 0x3c5              /* SPSR: EL1h; D, A, I and F masked */
        .set    SCTLR_EL1_OFF, 0x30d00800       /* RES1 bits only: MMU and caches off */
        .set    EC_HVC64, 0x16
        .set    EC_SMC64, 0x17

        .set    PSCI, 0x8400                    /* upper half of PSCI's 32 bit ids */
        .set    PSCI_CPU_ON, 3
        .set    PSCI_SYSTEM_OFF, 8
        .set    PSCI_FEATURES, 10
        /* What QEMU has: VERSION, CPU_SUSPEND, CPU_OFF, CPU_ON, AFFINITY_INFO, MIGRATE_INFO_TYPE,
           SYSTEM_OFF, SYSTEM_RESET, PSCI_FEATURES; and with 64 bit ids CPU_SUSPEND, CPU_ON, AFFINITY_INFO. */
        .set    PSCI_32, 0b11101011111
        .set    PSCI_64, 0b00000011010
        .set    SMCCC, 0x8000                   /* upper half: 0 VERSION, 1 ARCH_FEATURES */
        .set    SMCCC_1_1, 0x10001

        .text
/* The header of an Image: Linux Documentation/arch/arm64/booting.rst */
image:  b       start
        .word   0
        .quad   0                               /* text_offset: QEMU makes it 2 MiB */
        .quad   MONITOR_SIZE + LINUX_SIZE       /* image_size */
        .quad   0xa                             /* flags: 4K pages, anywhere */
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .word   0

/* CPU 0. x0: the device tree */
start:  movz    x4, #DOORBELL, lsl #16
        mov     w5, #LCR_H_FIFO
        str     w5, [x4, #LCR_H]
        mov     w5, #CR_ON
        str     w5, [x4, #CR]
        adr     x1, image
        add     x1, x1, #MONITOR_SIZE
        b       enter

/* A CPU that CPU_ON has started. x0: its entry in `cpus` */
secondary:
        ldp     x1, x0, [x0]

/* Goes on at x1 at EL1. x0: what it finds in x0 */
enter:  mrs     x2, mpidr_el1
        msr     vmpidr_el2, x2
        and     x2, x2, #CPUS - 1
        adr     x3, stacks + STACK
        add     x2, x3, x2, lsl #6              /* STACK bytes each */
        mov     sp, x2
        adr     x2, vectors
        msr     vbar_el2, x2
        mrs     x2, midr_el1
        msr     vpidr_el2, x2
        mov     x2, #HCR_TSC
        orr     x2, x2, #HCR_RW
        msr     hcr_el2, x2
        msr     vttbr_el2, xzr
        mov     x2, #3                          /* EL1 may use the physical counter and timer */
        msr     cnthctl_el2, x2
        msr     cntvoff_el2, xzr
        mov     x2, #0x33ff                     /* nothing of floating point traps */
        msr     cptr_el2, x2
        msr     hstr_el2, xzr
        mrs     x2, pmcr_el0                    /* all event counters are EL1's */
        ubfx    x2, x2, #11, #5
        msr     mdcr_el2, x2
        mrs     x2, id_aa64pfr0_el1             /* a GICv3 has system registers: EL1 may use them */
        ubfx    x2, x2, #24, #4
        cbz     x2, 1f
        mrs     x2, s3_4_c12_c9_5               /* ICC_SRE_EL2 */
        orr     x2, x2, #1                      /* SRE */
        orr     x2, x2, #8                      /* Enable */
        msr     s3_4_c12_c9_5, x2
        isb
        msr     s3_4_c12_c11_0, xzr             /* ICH_HCR_EL2 */
1:      movz    x2, #SCTLR_EL1_OFF & 0xffff
        movk    x2, #SCTLR_EL1_OFF >> 16, lsl #16
        msr     sctlr_el1, x2
        mov     x2, #EL1H_MASKED
        msr     spsr_el2, x2
        msr     elr_el2, x1
        mov     x1, xzr
        mov     x2, xzr
        mov     x3, xzr
        isb
        eret

/* A call of EL1. SMCCC 1.1: x0 to x3 are arguments and results, all else is kept. */
called: stp     x4, x5, [sp, #-16]!
        mrs     x4, esr_el2
        lsr     w4, w4, #26
        cmp     w4, #EC_HVC64
        b.eq    unknown
        cmp     w4, #EC_SMC64
        b.ne    unexpected
        mrs     x4, elr_el2                     /* a trapped SMC is not executed: go on behind it */
        add     x4, x4, #4
        msr     elr_el2, x4

        adr     x5, ids
1:      ldr     w4, [x5], #4
        cbz     w4, 2f
        cmp     w4, w0
        b.eq    scmi
        b       1b

2:      movz    w5, #SMCCC, lsl #16
        sub     w4, w0, w5
        cbz     w4, version
        cmp     w4, #1
        b.eq    features
        movz    w5, #PSCI, lsl #16
        sub     w4, w0, w5
        mov     w5, #PSCI_32
        tbz     w0, #30, 3f
        eor     w4, w4, #1 << 30
        mov     w5, #PSCI_64
3:      cmp     w4, #31
        b.hi    unknown
        lsr     w5, w5, w4
        tbz     w5, #0, unknown
        cmp     w4, #PSCI_CPU_ON
        b.eq    cpu_on
        cmp     w4, #PSCI_FEATURES
        b.ne    pass
        movz    w5, #SMCCC, lsl #16             /* PSCI_FEATURES(SMCCC_VERSION) */
        cmp     w1, w5
        b.eq    success
pass:   smc     #0
return: ldp     x4, x5, [sp], #16
        eret

version:
        movz    w0, #SMCCC_1_1 & 0xffff
        movk    w0, #SMCCC_1_1 >> 16, lsl #16
        b       return
features:                                       /* ARCH_FEATURES(VERSION or ARCH_FEATURES) */
        movz    w5, #SMCCC, lsl #16
        sub     w4, w1, w5
        cmp     w4, #1
        b.hi    unknown
success:
        mov     x0, xzr
        b       return
unknown:
        mov     x0, #-1                         /* NOT_SUPPORTED, of SMCCC and of PSCI */
        b       return

/* CPU_ON: x1 the CPU, x2 where it begins, x3 what it finds in x0. The CPU begins at `secondary`. */
cpu_on: and     x4, x1, #CPUS - 1
        adr     x5, cpus
        add     x5, x5, x4, lsl #4
        stp     x2, x3, [x5]
        dsb     sy
        adr     x2, secondary
        mov     x3, x5
        b       pass

/* One call at a time: the answer does not say whose it is. */
scmi:   adr     x4, lock
1:      ldaxr   w5, [x4]
        cbnz    w5, 1b
        mov     w5, #1
        stxr    w1, w5, [x4]
        cbnz    w1, 1b
        movz    x4, #DOORBELL, lsl #16
2:      ldr     w5, [x4, #FR]                   /* what came too late is no answer to this call */
        tbnz    w5, #FR_RXFE_BIT, 3f
        ldr     w5, [x4, #DR]
        b       2b
3:      dsb     sy
        mov     w5, #'D'
        str     w5, [x4, #DR]
        mrs     x1, cntpct_el0
        mrs     x2, cntfrq_el0
        mov     w5, #PATIENCE
        madd    x1, x2, x5, x1
4:      ldr     w5, [x4, #FR]
        tbz     w5, #FR_RXFE_BIT, 5f
        mrs     x2, cntpct_el0
        cmp     x2, x1
        b.lo    4b
        mov     x0, #-1
        b       6f
5:      ldr     w5, [x4, #DR]
        dsb     sy
        mov     x0, xzr
6:      adr     x4, lock
        stlr    wzr, [x4]
        b       return

/* Not a call, or an exception of the monitor: the machine says so on the console, and is off. */
unexpected:
        movz    x4, #CONSOLE, lsl #16
        adr     x5, words
1:      ldrb    w0, [x5], #1
        cbz     w0, 2f
        str     w0, [x4, #DR]
        b       1b
2:      movz    w0, #PSCI, lsl #16
        orr     w0, w0, #PSCI_SYSTEM_OFF
        smc     #0
        b       .

words:  .asciz  "\r\nmonitor: unexpected exception at EL2\r\n"
        .balign 16
ids:    .word   SCMI_SMC_IDS, 0
        .balign 16
lock:   .word   0
        .balign 16
cpus:   .fill   CPUS * 2, 8, 0                  /* where a CPU begins, and its x0 */
stacks: .fill   CPUS * STACK, 1, 0

/* Four groups of synchronous, IRQ, FIQ, SError: from EL2 with SP_EL0, EL2, AArch64 below, AArch32
   below. Interrupts stay at EL1. */
        .balign 2048
vectors:
        .rept   8
        b       unexpected
        .balign 128
        .endr
        b       called
        .balign 128
        .rept   7
        b       unexpected
        .balign 128
        .endr
