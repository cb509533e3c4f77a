/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The file of a change that waits to be confirmed: one JSON object, and below it the digest of its line.
 *
 *	{"ctstack-pending":1,"from":2,"to":3,"boot":"…","window":120000000,"deadline":912345678,"user":"ana"}
 *	# SHA-256 */
#include <sys/stat.h>

#include "lang/base/json.h"
#include "runtime/fs.h"
#include "runtime/store_impl.h"

#define PENDING "pending"

enum { PENDING_VERSION = 1, PENDING_MAX = 65536 };

int store_pending_write(struct store *s, const struct pending *p, struct err *e)
{
	_buf_ struct buf text = {0};

	buf_fmt(&text, "{\"ctstack-pending\":%d,\"from\":%u,\"to\":%u", PENDING_VERSION, p->from, p->to);
	store_put_str(&text, "boot", p->boot);
	buf_fmt(&text, ",\"window\":%lld,\"deadline\":%lld", (long long)p->window_us, (long long)p->deadline_us);
	store_put_str(&text, "user", p->user);
	buf_puts(&text, "}\n");
	store_seal(&text);
	int r = fs_replace(s->state_fd, STR(PENDING), buf_view(&text), 0600, e);
	return r < 0 ? err_context(e, "cannot note that the change waits to be confirmed") : 0;
}

int store_pending_read(struct store *s, struct arena *a, bool *ret_found, struct pending *ret, struct err *e)
{
	struct pending p = {0};
	struct str text;
	struct stat st;
	uint32_t version;

	int r = s->state_fd < 0 ? -ENOENT : fs_stat(s->state_fd, STR(PENDING), &st, e);
	if (r == -ENOENT) {
		*ret_found = false;
		return 0;
	}
	if (r == 0)
		r = fs_read(s->state_fd, STR(PENDING), PENDING_MAX, a, &text, e);
	if (r < 0)
		return r;
	_json_ json_t *root = store_unseal(&text) ? json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL) : NULL;
	if (!root || !store_get_u32(root, "ctstack-pending", &version) || version != PENDING_VERSION || !store_get_u32(root, "from", &p.from) ||
	    !store_get_u32(root, "to", &p.to) || !store_get_str(root, "boot", a, &p.boot) || !store_get_time(root, "window", &p.window_us) ||
	    !store_get_time(root, "deadline", &p.deadline_us) || !store_get_str(root, "user", a, &p.user))
		return err_set(e, -EBADMSG,
			       "/" STATE_DIR "/" PENDING ", which says what waits to be confirmed, is damaged: remove the file to keep what runs, and `ctc rollback` to go back");
	*ret = p;
	*ret_found = true;
	return 0;
}

int store_pending_remove(struct store *s, struct err *e)
{
	return s->state_fd < 0 ? 0 : fs_remove(s->state_fd, STR(PENDING), e);
}

/* What cannot be read must not keep the host from booting; every command says so. */
static bool was_never_confirmed(struct store *s, uint32_t current, struct str boot, uint32_t *ret_from)
{
	_arena_ struct arena a = {0};
	struct err damaged;
	struct pending p;
	bool found;

	if (store_pending_read(s, &a, &found, &p, &damaged) < 0 || !found || p.to != current || str_eq(p.boot, boot))
		return false;
	*ret_from = p.from;
	return true;
}

int store_boot_generation(struct store *s, struct str boot, uint32_t *ret, struct err *e)
{
	int r = store_current(s, ret, e);

	if (r == 0)
		was_never_confirmed(s, *ret, boot, ret);
	return r;
}

bool store_unsettled(struct store *s, struct str boot)
{
	_arena_ struct arena a = {0};
	uint32_t current, from;
	struct err damaged;
	struct journal j;
	bool found;

	if (store_journal_read(s, &a, &found, &j, &damaged) == 0 && found && !str_eq(j.boot, boot))
		return true;
	return store_current(s, &current, &damaged) == 0 && was_never_confirmed(s, current, boot, &from);
}
