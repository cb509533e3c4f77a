/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The order of a change and the file of what is told about it, see order.h. Both are JSON:
 *
 *	request		{"ctstack-order":1,"action":0,"word":"apply","user":"ana","command":"…","from":2,"to":3,"staged":true,"probe":true,"plan":"…","confirm":0}
 *	progress	{"line":"start ct-ml-ollama.service"}
 *			{"end":0,"stale":false,"recovered":false,"from":2,"to":3,"code":0,"text":"","resource":""} */
#include "runtime/order.h"

#include <fcntl.h>

#include "lang/base/json.h"
#include "runtime/fs.h"
#include "runtime/store_impl.h"

#define ORDER "request"
#define PROGRESS "progress"

enum { ORDER_VERSION = 1, ORDER_MAX = 256 << 20, LINE_MAX_BYTES = 1 << 20 };

int order_write(struct store *s, const struct order *o, struct err *e)
{
	_buf_ struct buf text = {0};

	buf_fmt(&text, "{\"ctstack-order\":%d,\"action\":%d", ORDER_VERSION, o->action);
	store_put_str(&text, "word", o->word);
	store_put_str(&text, "user", o->user);
	store_put_str(&text, "command", o->command);
	buf_fmt(&text, ",\"from\":%u,\"to\":%u,\"staged\":%s,\"probe\":%s", o->from, o->to, o->staged ? "true" : "false", o->probe ? "true" : "false");
	store_put_str(&text, "plan", o->plan);
	buf_fmt(&text, ",\"confirm\":%lld}\n", (long long)o->confirm_us);
	int r = fs_replace(s->run_fd, STR(ORDER), buf_view(&text), 0600, e);
	return r < 0 ? err_context(e, "cannot hand the change over") : 0;
}

static bool order_parse(const json_t *root, struct arena *a, struct order *ret)
{
	uint32_t version, action;
	bool ok = store_get_u32(root, "ctstack-order", &version) && version == ORDER_VERSION && store_get_u32(root, "action", &action) && action <= ORDER_RECOVER &&
		  store_get_str(root, "word", a, &ret->word) && store_get_str(root, "user", a, &ret->user) && store_get_str(root, "command", a, &ret->command) &&
		  store_get_u32(root, "from", &ret->from) && store_get_u32(root, "to", &ret->to) && store_get_str(root, "plan", a, &ret->plan) &&
		  store_get_time(root, "confirm", &ret->confirm_us);

	if (ok)
		ret->action = (enum order_action)action;
	ret->staged = json_is_true(json_object_get(root, "staged"));
	ret->probe = json_is_true(json_object_get(root, "probe"));
	return ok;
}

int order_read(struct store *s, struct arena *a, struct order *ret, struct err *e)
{
	struct order o = {0};
	struct str text;
	int r = fs_read(s->run_fd, STR(ORDER), ORDER_MAX, a, &text, e);

	if (r < 0)
		return r;
	_json_ json_t *root = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!root || !order_parse(root, a, &o))
		return err_set(e, -EBADMSG, "/" RUN_DIR "/" ORDER " is damaged: nothing was changed");
	*ret = o;
	return 0;
}

void order_remove(struct store *s)
{
	struct err ignored;

	fs_remove(s->run_fd, STR(ORDER), &ignored);
}

int progress_begin(struct store *s, struct err *e)
{
	/* Another file than the last one: whoever still follows that is not confused. */
	int r = fs_replace(s->run_fd, STR(PROGRESS), STR(""), 0600, e);

	return r < 0 ? r : progress_open(s, e);
}

int progress_open(struct store *s, struct err *e)
{
	return fs_open(s->run_fd, STR(PROGRESS), O_WRONLY | O_APPEND, 0, e);
}

/* In one write: a reader sees whole lines, or the beginning of one whose end follows. */
static void add(int fd, struct buf *record)
{
	ssize_t n = write(fd, record->s, record->n);

	(void)n;
	buf_free(record);
}

void progress_say(int fd, const char *line)
{
	struct buf b = {0};

	buf_puts(&b, "{\"line\":");
	json_str(&b, str_of(line));
	buf_puts(&b, "}\n");
	add(fd, &b);
}

void progress_end(int fd, const struct ending *ending)
{
	struct buf b = {0};

	buf_fmt(&b, "{\"end\":%d,\"stale\":%s,\"recovered\":%s,\"from\":%u,\"to\":%u,\"code\":%d", ending->outcome, ending->stale ? "true" : "false",
		ending->recovered ? "true" : "false", ending->from, ending->to, -ending->error.code);
	store_put_str(&b, "text", str_of(ending->error.text));
	store_put_str(&b, "resource", str_of(ending->error.resource));
	buf_puts(&b, "}\n");
	add(fd, &b);
}

int follower_begin(struct store *s, struct follower *ret, struct err *e)
{
	*ret = (struct follower){.fd = fs_open(s->run_fd, STR(PROGRESS), O_RDONLY, 0, e)};
	return ret->fd < 0 ? ret->fd : 0;
}

void follower_end(struct follower *f)
{
	cleanup_fd(&f->fd);
	buf_free(&f->rest);
	f->fd = -1;
}

static bool ending_read(const json_t *root, struct arena *a, struct ending *ret)
{
	uint32_t outcome, code;
	struct str text, resource;

	if (!store_get_u32(root, "end", &outcome) || outcome > TXN_STUCK || !store_get_u32(root, "from", &ret->from) || !store_get_u32(root, "to", &ret->to) ||
	    !store_get_u32(root, "code", &code) || !store_get_str(root, "text", a, &text) || !store_get_str(root, "resource", a, &resource))
		return false;
	ret->outcome = (enum txn_outcome)outcome;
	ret->stale = json_is_true(json_object_get(root, "stale"));
	ret->recovered = json_is_true(json_object_get(root, "recovered"));
	if (code)
		err_set(&ret->error, -(int)code, "%.*s", STR_ARG(text));
	if (resource.n)
		err_resource(&ret->error, resource);
	return true;
}

/* 0 where no whole line is there. */
static bool next_line(struct follower *f, struct arena *a, struct str *ret)
{
	char part[4096], *end;

	while (!(end = f->rest.n ? memchr(f->rest.s, '\n', f->rest.n) : NULL) && f->rest.n < LINE_MAX_BYTES) {
		ssize_t n = read(f->fd, part, sizeof part);

		if (n <= 0)
			return false;
		buf_add(&f->rest, part, (size_t)n);
	}
	size_t n = end ? (size_t)(end - f->rest.s) : f->rest.n;
	*ret = str_copy(a, (struct str){f->rest.s, n});
	n += end != NULL;
	memmove(f->rest.s, f->rest.s + n, f->rest.n - n);
	f->rest.n -= n;
	return true;
}

int follower_next(struct follower *f, struct arena *a, struct str *ret_line, struct ending *ret)
{
	struct str text;

	while (f->fd >= 0 && next_line(f, a, &text)) {
		_json_ json_t *root = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		struct ending end = {0};

		if (root && store_get_str(root, "line", a, ret_line))
			return 1;
		if (root && ending_read(root, a, &end)) {
			*ret = end;
			return 2;
		}
	}
	return 0;
}
