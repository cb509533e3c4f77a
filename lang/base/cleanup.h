/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cleanup attributes for handles of the operating system: _fd_ int fd = -1; closes itself at the end of its scope. */
#ifndef CTC_BASE_CLEANUP_H
#define CTC_BASE_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/str.h"

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_mem(void *p)
{
	free(*(void **)p);
}

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _fd_ _cleanup_(cleanup_fd)
#define _file_ _cleanup_(cleanup_file)
#define _mem_ _cleanup_(cleanup_mem)
#define _buf_ _cleanup_(buf_free)
#define _arena_ _cleanup_(arena_free)

/* Hands a descriptor on: the variable is left at -1. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
