/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading files, with every refusal a diagnostic. */
#include "compiler/read.h"

#include <errno.h>
#include <fcntl.h>

#include "lang/base/cleanup.h"

static const char *file_form(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static void unreadable(struct diags *d, struct str path, struct span at, int error)
{
	diag_add(d, DIAG_file_unreadable, at, "cannot read `%.*s`: %s", STR_ARG(path), strerror(error));
}

/* O_NONBLOCK: a pipe without a writer must not hold us up. */
int text_open(struct arena *a, struct diags *d, struct str path, struct span at, struct stat *ret, int *ret_error)
{
	char *z = arena_copy(a, path.s, path.n);
	_fd_ int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*ret_error = 0;
	if (fd < 0 || fstat(fd, ret) < 0) {
		*ret_error = errno;
		unreadable(d, path, at, errno);
		return -1;
	}
	if (!S_ISREG(ret->st_mode)) {
		diag_add(d, DIAG_file_not_regular, at, "`%.*s` is %s, not a file", STR_ARG(path), file_form(ret->st_mode));
		return -1;
	}
	return take_fd(&fd);
}

/* At most SOURCE_MAX bytes and one; false where reading fails. The size that the file claims is only a hint. */
static bool read_all(struct arena *a, int fd, off_t hint, struct str *ret)
{
	size_t cap = hint > 0 && hint <= SOURCE_MAX ? (size_t)hint + 1 : 4096, n = 0;
	char *text = arena_alloc(a, cap + 1);

	while (n <= SOURCE_MAX) {
		if (n == cap) {
			char *wider = arena_alloc(a, cap * 2 + 1);

			memcpy(wider, text, n);
			text = wider;
			cap *= 2;
		}
		ssize_t got = read(fd, text + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret = (struct str){text, n};
	return true;
}

struct source *text_enter(struct sources *sources, struct diags *d, struct str path, struct str text, struct span at)
{
	struct source *source = NULL;

	if (text.n > SOURCE_MAX)
		diag_add(d, DIAG_file_too_large, at, "`%.*s` is larger than %d MiB", STR_ARG(path), SOURCE_MAX >> 20);
	else if (!(source = source_add(sources, path, text)))
		diag_add(d, DIAG_file_too_large, at, "all files together are larger than %d MiB", SOURCES_MAX >> 20);
	return source;
}

struct source *text_read(struct sources *sources, struct diags *d, int fd, off_t hint, struct str path, struct span at, int *ret_error)
{
	struct str text;

	*ret_error = 0;
	if (!read_all(sources->arena, fd, hint, &text)) {
		*ret_error = errno;
		unreadable(d, path, at, errno);
		return NULL;
	}
	return text_enter(sources, d, path, text, at);
}
