/*
 * COUNT messages of Linux's raw mode, one after the other: each is one write and one read of a file
 * that was opened for it, as the kernel has it. The message (CLOCK_RATE_GET) and the answer's length
 * are those of round_trip.py. Writes the counter's ticks that all took, in binary; ends with 1, and says
 * nothing, where an answer is not the one to its message.
 */

	.equ	MESSAGE_SIZE, 8
	.equ	REPLY_SIZE, 16
	.equ	TOKENS, 0x400

	.text
	mrs	x27, cntvct_el0
	mov	x19, COUNT & 0xffff
	movk	x19, COUNT >> 16, lsl 16
	mov	w20, 0			/* the token */
	adr	x21, message
	adr	x22, reply
	ldr	w23, [x21]		/* the header without its token */
next:
	add	w20, w20, 1
	and	w20, w20, TOKENS - 1
	orr	w24, w23, w20, lsl 18
	str	w24, [x21]

	mov	x0, -100		/* openat(AT_FDCWD, path, O_RDWR) */
	adr	x1, path
	mov	x2, 2
	mov	x8, 56
	svc	0
	tbnz	x0, 63, failed
	mov	x25, x0

	mov	x1, x21			/* write */
	mov	x2, MESSAGE_SIZE
	mov	x8, 64
	svc	0
	cmp	x0, MESSAGE_SIZE
	b.ne	failed

	mov	x0, x25			/* read */
	mov	x1, x22
	mov	x2, 128
	mov	x8, 63
	svc	0
	cmp	x0, REPLY_SIZE
	b.ne	failed
	ldp	w1, w2, [x22]		/* the header, and SUCCESS */
	cmp	w1, w24
	b.ne	failed
	cbnz	w2, failed

	mov	x0, x25			/* close */
	mov	x8, 57
	svc	0

	subs	x19, x19, 1
	b.ne	next

	mrs	x28, cntvct_el0
	sub	x28, x28, x27
	mrs	x26, cntfrq_el0
	adr	x1, reply
	stp	x28, x26, [x1]
	mov	x0, 1			/* write(stdout) */
	mov	x2, 16
	mov	x8, 64
	svc	0
	mov	x0, 0
	b	end
failed:
	mov	x0, 1
end:
	mov	x8, 93			/* exit */
	svc	0

	.balign	8
reply:	.fill	128, 1, 0
message:
	.word	0x14 << 10 | 6, CLOCK
path:	.asciz	"/sys/kernel/debug/scmi/0/raw/message"
