/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal: one JSON object in one file, which is there from before the first effect of a transaction until it is settled; and below it the digest of its line.
 *
 *	{"ctstack-journal":1,"from":2,"to":3,"boot":"0b2c…","observed":"the manifest of what was found"}
 *	# SHA-256 */
#include <sys/stat.h>

#include "lang/base/json.h"
#include "runtime/fs.h"
#include "runtime/store_impl.h"

enum { JOURNAL_VERSION = 1 };

int store_journal_write(struct store *s, const struct journal *j, struct err *e)
{
	_buf_ struct buf text = {0};

	buf_fmt(&text, "{\"ctstack-journal\":%d,\"from\":%u,\"to\":%u", JOURNAL_VERSION, j->from, j->to);
	store_put_str(&text, "boot", j->boot);
	store_put_str(&text, "observed", j->observed);
	buf_puts(&text, "}\n");
	store_seal(&text);
	int r = fs_replace(s->state_fd, STR("journal"), buf_view(&text), 0600, e);
	return r < 0 ? err_context(e, "cannot write the journal, so nothing was changed") : 0;
}

static int damaged(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "the journal /" STATE_DIR "/journal is damaged (%s): the state of the host is unknown; compare it with `ctc status`, then remove the file", what);
}

int store_journal_read(struct store *s, struct arena *a, bool *ret_found, struct journal *ret, struct err *e)
{
	struct journal j;
	struct str text;
	struct stat st;
	uint32_t version;

	int r = s->state_fd < 0 ? -ENOENT : fs_stat(s->state_fd, STR("journal"), &st, e);
	if (r == -ENOENT) {
		*ret_found = false;
		return 0;
	}
	if (r == 0)
		r = fs_read(s->state_fd, STR("journal"), STORE_TEXT_MAX, a, &text, e);
	if (r < 0)
		return r;
	if (!store_unseal(&text))
		return damaged(e, "its digest is another");
	_json_ json_t *root = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!root || !store_get_u32(root, "ctstack-journal", &version))
		return damaged(e, "it is no JSON object of ours");
	if (version != JOURNAL_VERSION)
		return err_set(e, -EPROTO, "the journal has version %u; this ctc reads version %d: recover with the ctc that wrote it", version, JOURNAL_VERSION);
	if (!store_get_u32(root, "from", &j.from) || !store_get_u32(root, "to", &j.to) || !store_get_str(root, "boot", a, &j.boot) ||
	    !store_get_str(root, "observed", a, &j.observed))
		return damaged(e, "a member is missing");
	*ret = j;
	*ret_found = true;
	return 0;
}

int store_journal_remove(struct store *s, struct err *e)
{
	int r = fs_remove(s->state_fd, STR("journal"), e);

	return r < 0 ? err_context(e, "cannot remove the journal") : 0;
}
