/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Time for deadlines: of a clock that nobody sets (CLOCK_MONOTONIC, clock_gettime(2)). What must go on while the host sleeps has one of its own (confirm.c). */
#ifndef CTC_RUNTIME_CLOCK_H
#define CTC_RUNTIME_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

#endif
