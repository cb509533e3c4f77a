/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The history: one JSON object a line, appended and synced. A line that a crash tore is cut off by the next append; a full disk leaves what was there. */
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/fs.h"
#include "runtime/store_impl.h"

enum { HISTORY_SHOWN = 4 << 20 };	/* bytes at the end of the file that are read */

/* Where the last whole line ends. */
static off_t whole_lines(int fd, off_t size)
{
	char part[4096];

	while (size > 0) {
		size_t want = (size_t)size < sizeof part ? (size_t)size : sizeof part;
		ssize_t got = pread(fd, part, want, size - (off_t)want);

		if (got <= 0)
			return -1;
		for (ssize_t i = got; i > 0; i--)
			if (part[i - 1] == '\n')
				return size - got + i;
		size -= got;
	}
	return 0;
}

static int append(int fd, const struct buf *line)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	off_t end = whole_lines(fd, st.st_size);
	if (end < 0)
		return -EIO;
	if (end != st.st_size && ftruncate(fd, end) < 0)
		return -errno;
	ssize_t n = pwrite(fd, line->s, line->n, end);
	int r = n < 0 ? -errno : (size_t)n < line->n ? -ENOSPC : fsync(fd) < 0 ? -errno : 0;
	if (r < 0 && ftruncate(fd, end) < 0)
		return -errno;
	return r;
}

int store_history_add(struct store *s, const struct event *v, struct err *e)
{
	_buf_ struct buf line = {0};

	buf_fmt(&line, "{\"time\":%lld", (long long)v->time);
	store_put_str(&line, "user", v->user);
	store_put_str(&line, "action", v->action);
	buf_fmt(&line, ",\"from\":%u,\"to\":%u", v->from, v->to);
	store_put_str(&line, "outcome", v->outcome);
	buf_puts(&line, "}\n");
	_fd_ int fd = fs_open(s->state_fd, STR("history"), O_RDWR | O_CREAT, 0600, e);
	if (fd < 0)
		return fd;
	int r = append(fd, &line);
	return r < 0 ? err_errno(e, r, "cannot add to the history /" STATE_DIR "/history") : 0;
}

static bool event_parse(struct str line, struct arena *a, struct event *ret)
{
	_json_ json_t *root = json_loadb(line.s, line.n, JSON_REJECT_DUPLICATES, NULL);

	return root && store_get_time(root, "time", &ret->time) && store_get_str(root, "user", a, &ret->user) &&
	       store_get_str(root, "action", a, &ret->action) && store_get_str(root, "outcome", a, &ret->outcome) &&
	       store_get_u32(root, "from", &ret->from) && store_get_u32(root, "to", &ret->to);
}

static int tail_read(int fd, struct buf *out)
{
	struct stat st;
	char part[65536];
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	off_t at = st.st_size > HISTORY_SHOWN ? st.st_size - HISTORY_SHOWN : 0;
	bool cut = at > 0;
	while ((n = pread(fd, part, sizeof part, at)) > 0) {
		buf_add(out, part, (size_t)n);
		at += n;
	}
	if (n < 0)
		return -errno;
	if (cut) { /* begins in the middle of a line */
		const char *end = memchr(out->s, '\n', out->n);
		size_t drop = end ? (size_t)(end - out->s) + 1 : out->n;

		memmove(out->s, out->s + drop, out->n - drop);
		out->n -= drop;
	}
	return 0;
}

int store_history_read(struct store *s, struct arena *a, struct event **ret, size_t *ret_n, struct err *e)
{
	VEC(struct event) all = {0};
	_buf_ struct buf text = {0};
	struct stat st;

	*ret = NULL;
	*ret_n = 0;
	int r = s->state_fd < 0 ? -ENOENT : fs_stat(s->state_fd, STR("history"), &st, e);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	_fd_ int fd = fs_open(s->state_fd, STR("history"), O_RDONLY, 0, e);
	if (fd < 0)
		return fd;
	if ((r = tail_read(fd, &text)) < 0)
		return err_errno(e, r, "cannot read the history /" STATE_DIR "/history");
	struct str rest = buf_view(&text);
	r = 0;
	for (size_t number = 1; rest.n && memchr(rest.s, '\n', rest.n); number++) {
		struct str line = str_cut(rest, '\n', &rest);
		struct event one;

		if (event_parse(line, a, &one))
			vec_push(a, &all, one);
		else if (r == 0)
			r = err_set(e, -EBADMSG, "line %zu of the history /" STATE_DIR "/history is damaged", number);
	}
	*ret = all.at;
	*ret_n = all.n;
	return r;
}
