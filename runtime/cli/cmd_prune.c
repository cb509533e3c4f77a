/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc prune: data that no stack uses any more. A stack that goes leaves its data; here it goes, too, after it was shown, with its size, and somebody said yes
 * (spec/transaction.md, What is removed). Only what stands below /var/lib/ctstack/volumes: ctc made that. What has a place of its own may have been there before ctc was. */
#include <errno.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/cli/ask.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/fs_tree.h"
#include "runtime/show.h"

#define VOLUMES STATE_DIR "/volumes"

struct orphans {
	struct session s;
	struct map used;		/* absolute path -> the directory of the current generation */
	VEC(struct str) goes;		/* below the root, without the leading slash */
	struct err e;
};

/* STACK/CONTAINER/VOLUME: three levels. */
static int look_below(struct orphans *o, struct str path, int levels)
{
	struct strs names = {0};
	int r;

	if (levels == 0) {
		if (!map_get(&o->used, str_fmt(&o->s.arena, "/%.*s", STR_ARG(path))))
			vec_push(&o->s.arena, &o->goes, path);
		return 0;
	}
	r = fact_list(&o->s.host, path, &o->s.arena, &names, &o->e);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = look_below(o, str_fmt(&o->s.arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(names.at[i])), levels - 1);
	return r == -ENOTDIR ? 0 : r;
}

static int look(struct orphans *o)
{
	const struct res_directory *d;

	manifest_each(directory, d, &o->s.recorded)
		map_set(&o->s.arena, &o->used, d->res.id, (void *)d);
	return look_below(o, STR(VOLUMES), 3);
}

static void print(struct orphans *o)
{
	_buf_ struct buf out = {0};

	vec_each(const struct str, path, &o->goes) {
		struct fs_tree size;
		struct err unread;

		buf_puts(&out, "  /");
		show_plain(*path, 0, &out);
		if (fs_tree_measure(o->s.host.root_fd, *path, &size, &unread) < 0)
			buf_fmt(&out, "  (%s)\n", unread.text);
		else
			buf_fmt(&out, "  %.1f MiB in %llu %s\n", (double)size.bytes / (1 << 20), (unsigned long long)size.files, size.files == 1 ? "file" : "files");
	}
	fwrite(out.s, 1, out.n, stdout);
}

/* And the directories above them that are empty then. */
static int sweep(struct orphans *o)
{
	struct event event = {.user = session_user(&o->s.arena), .action = STR("prune"), .outcome = STR("done"), .from = o->s.current, .to = o->s.current};

	vec_each(const struct str, path, &o->goes) {
		struct str parent = *path;
		int r = fs_tree_remove(o->s.host.root_fd, *path, &o->e);

		if (r < 0)
			return r;
		for (int i = 0; i < 2; i++) {
			struct err ignored;
			const char *slash = memrchr(parent.s, '/', parent.n);

			parent.n = slash ? (size_t)(slash - parent.s) : 0;
			fs_rmdir(o->s.host.root_fd, parent, &ignored);
		}
	}
	session_record(&o->s, &event);
	return 0;
}

static int prune(struct cli *c, struct orphans *o, bool yes)
{
	if (session_lock(&o->s, "ctc prune", &o->e) < 0 || look(o) < 0) {
		report_error(c, NULL, NULL, &o->e);
		return o->e.code == -EBUSY ? STATUS_LOCKED : STATUS_REFUSED;
	}
	if (!o->goes.n) {
		puts("Nothing to remove: every volume below /" VOLUMES " belongs to a stack.");
		return STATUS_DONE;
	}
	puts("No stack uses this data any more:");
	print(o);
	session_mend(&o->s, &o->s.recorded);
	if (!ask(&o->s.host, yes, "Remove it for good? No rollback brings it back."))
		return STATUS_REFUSED;
	if (sweep(o) < 0)
		return cli_err(c, &o->e);
	puts("Removed.");
	return STATUS_DONE;
}

int cmd_prune(struct cli *c, int argc, char **argv)
{
	struct orphans o = {0};
	bool yes = false;
	const struct cli_option options[] = {
		{"yes", 'y', CLI_FLAG, &yes, NULL, "do not ask", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	session_begin(&o.s);
	status = prune(c, &o, yes);
	session_end(&o.s);
	return status;
}
