/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Power cuts: a whole change, with the real store and the real kinds of directories and files, on a disk that keeps no more than was synced (cut_disk.h). After each operation
 * everything that a cut may leave is booted: the network part is restored, a journal is settled. Then the tree must be that of the old generation or of the new one, whole, with
 * no journal, no damaged generation and a history that can be read; of the old one where the commit was not reached, of the new one where it had returned. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/kind.h"
#include "runtime/txn.h"
#include "tests/unit/cut_disk.h"

/* What systemd has in memory, in the host's progress context. One that fails makes the change go back. */
struct machine {
	bool runs, fails;	/* the one unit */
};

struct world {
	struct arena a;
	struct host h;
	struct store s;
	struct err e;
	char root[32];
	struct cut_disk disk;
	uint32_t may_be[2];	/* generations that a boot may find */
	struct machine machine;
	size_t mixed;
	const char *doing;
};

static int see_unit(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_unit *u;

	(void)e;
	manifest_each(unit, u, known)
		if (((struct machine *)h->progress_context)->runs)
			manifest_put(ret, res_copy(ret->arena, &u->res));
	return 0;
}

static int apply_unit(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	struct machine *m = h->progress_context;

	if (phase == PHASE_STOP)
		m->runs = false;
	if (phase == PHASE_START && s.at[0].to && m->fails)
		return err_set(e, -EIO, "it does not start");
	if (phase == PHASE_START)
		m->runs = s.at[0].to;
	return 0;
}

static const struct kind_ops unit_ops = {.observe = see_unit, .apply = apply_unit};

/* This program's table in place of kinds.c. */
const struct kind_ops *const kinds[RES_KIND_COUNT] = {[RES_directory] = &kind_directory, [RES_file] = &kind_file, [RES_unit] = &unit_ops};

static void silent(void *context, const char *line)
{
	(void)context, (void)line;
}

static void directory(struct manifest *m, const char *path, int64_t mode, bool keep)
{
	struct res_directory *d = manifest_add_directory(m, str_of(path));

	d->mode = mode;
	d->keep = keep;
	d->uid = geteuid();
	d->gid = getegid();
}

static void file(struct manifest *m, const char *path, const char *content)
{
	struct res_file *f = manifest_add_file(m, str_of(path));

	f->mode = 0644;
	f->content = str_of(content);
}

static struct manifest first(struct arena *a)
{
	struct manifest m = {.arena = a};

	directory(&m, "/srv/data", 0750, true);
	directory(&m, "/srv/going", 0700, false);
	file(&m, "/var/lib/ctstack/hosts/a", "10.0.0.2 b\n");
	file(&m, "/var/lib/ctstack/hosts/going", "10.0.0.1 a\n");
	assert_null(manifest_seal(&m));
	return m;
}

static struct manifest second(struct arena *a)
{
	struct manifest m = {.arena = a};

	directory(&m, "/srv/data", 0750, true);
	directory(&m, "/srv/new/deep", 0711, true);
	directory(&m, "/srv/more", 0755, false);
	file(&m, "/var/lib/ctstack/hosts/a", "10.0.0.2 b\n10.0.0.3 c, which is longer\n");
	file(&m, "/var/lib/ctstack/hosts/c", "10.0.0.2 b\n");
	manifest_add_unit(&m, STR("ct-x.service"))->active = true;
	assert_null(manifest_seal(&m));
	return m;
}

/* ---- what a boot makes of a tree ---- */

/* As ctc restore --boot does, and then ctc recover. */
static int boot(struct host *h, struct store *s, struct arena *a, struct machine *systemd, uint32_t *ret, struct manifest *now, struct err *e)
{
	struct manifest observed = {.arena = a};
	struct recovery done;
	struct plan p;
	int r = store_open(h, true, s, e);

	if (r == 0)
		r = store_lock(s, "ctc test", e);
	if (r == 0)
		r = store_make(h, s, e);
	if (r == 0)
		r = store_current(s, ret, e);
	if (r == 0)
		r = store_load(s, *ret, now, NULL, e);
	if (r == 0)
		r = observe(h, now, now, CONVERGE_NETWORK_ONLY, &observed, e);
	if (r < 0)
		return r;
	plan_make(a, &observed, now, &p);
	r = converge(h, s, &p, *ret, CONVERGE_NETWORK_ONLY | CONVERGE_GO_ON, e);
	systemd->runs = manifest_find(now, RES_unit, STR("ct-x.service"));
	if (r == 0)
		r = store_sweep(s, e);
	return r < 0 ? r : txn_recover(h, s, &done, e);
}

static int effects_are(struct host *h, struct arena *a, const struct manifest *wanted, const struct manifest *other, struct err *e)
{
	struct manifest now = {.arena = a};
	struct plan p;
	int r = observe(h, wanted, other, 0, &now, e);

	if (r < 0)
		return r;
	plan_make(a, &now, wanted, &p);
	for (size_t i = 0; i < p.changes.n; i++) {
		const struct change *c = &p.changes.at[i];
		const struct res *res = change_res(c);

		if (c->op == OP_DELETE && res->kind == RES_directory && ((const struct res_directory *)c->from)->keep)
			continue;
		return err_set(e, -EIO, "%s %.*s differs", res_infos[res->kind].word, STR_ARG(res->id));
	}
	return 0;
}

/* Every generation that there is can be read, and the history, and nothing is left of what was being made. */
static int store_is_whole(struct store *s, struct arena *a, struct err *e)
{
	struct manifest m;
	struct event *events;
	struct journal j;
	struct str plan;
	uint32_t *all;
	bool found;
	size_t n, nevents;
	int r = store_list(s, a, &all, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		m = (struct manifest){.arena = a};
		r = store_load(s, all[i], &m, NULL, e);
		if (r == 0)
			r = store_read(s, all[i], "plan.txt", a, &plan, e);
	}
	if (r == 0)
		r = store_history_read(s, a, &events, &nevents, e);
	if (r == 0)
		r = store_journal_read(s, a, &found, &j, e);
	return r == 0 && found ? err_set(e, -EIO, "the journal is still there") : r;
}

/* Where programs run that may write into a data directory, and sync what they write, the directory is on the disk as it shall be, and all above it. */
static int data_is_safe(const struct world *w, int root, struct err *e)
{
	struct stat above, st;

	if (!w->machine.runs)
		return 0;
	if (fstatat(root, "srv/new", &above, AT_SYMLINK_NOFOLLOW) < 0 || fstatat(root, "srv/new/deep", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, -EIO, "a data directory is lost");
	return (above.st_mode & 07777) == 0755 && (st.st_mode & 07777) == 0711 ? 0 : err_set(e, -EIO, "a data directory has another mode");
}

static void judge(const char *root, void *context)
{
	struct world *w = context;
	_arena_ struct arena a = {0};
	struct machine machine = {false, false};
	struct host h = {.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), .progress = silent, .progress_context = &machine};
	struct store s = {-1, -1, -1};
	struct manifest now = {.arena = &a}, one = first(&a), two = second(&a);
	struct err e = {0};
	uint32_t current = 99;
	int r = data_is_safe(w, h.root_fd, &e);

	if (r == 0)
		r = boot(&h, &s, &a, &machine, &current, &now, &e);
	if (r == 0 && current != w->may_be[0] && current != w->may_be[1])
		r = err_set(&e, -EIO, "generation %u is current, not %u or %u", current, w->may_be[0], w->may_be[1]);
	if (r == 0 && current)
		r = effects_are(&h, &a, &now, current == 1 ? &two : &one, &e);
	if (r == 0)
		r = store_is_whole(&s, &a, &e);
	if (r < 0 && w->mixed++ < 10 && !w->disk.no_sync)
		print_message("cut after operation %zu, %s, current %u: %s\n", w->disk.operations, w->doing, current, e.text);
	store_close(&s);
	close(h.root_fd);
}

/* ---- what is cut ---- */

static int world_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	/* Its file numbers are never used again, and a sync costs nothing. */
	strcpy(w->root, "/dev/shm/ctc-cut.XXXXXX");
	assert_non_null(mkdtemp(w->root));
	w->h = (struct host){.root_fd = open(w->root, O_PATH | O_DIRECTORY | O_CLOEXEC), .progress = silent, .progress_context = &w->machine};
	assert_int_equal(mkdirat(w->h.root_fd, "run", 0755), 0);
	assert_int_equal(mkdirat(w->h.root_fd, "srv", 0755), 0);
	assert_int_equal(mkdirat(w->h.root_fd, "var", 0755), 0);
	assert_int_equal(mkdirat(w->h.root_fd, "var/lib", 0755), 0);
	w->disk = (struct cut_disk){.a = &w->a, .root = w->root, .each = judge, .context = w};
	w->s = (struct store){-1, -1, -1};
	*state = w;
	return 0;
}

static int world_down(void **state)
{
	struct world *w = *state;

	store_close(&w->s);
	close(w->h.root_fd);
	cut_remove(w->root);
	arena_free(&w->a);
	free(w);
	return 0;
}

static void open_store(struct world *w)
{
	assert_int_equal(store_open(&w->h, true, &w->s, &w->e), 0);
	assert_int_equal(store_lock(&w->s, "ctc test", &w->e), 0);
	assert_int_equal(store_make(&w->h, &w->s, &w->e), 0);
}

/* Stages the manifest and runs the change; w->may_be follows what has returned. */
static enum txn_outcome change(struct world *w, const struct manifest *from, const struct manifest *to, uint32_t number)
{
	const struct source_file sources[] = {{STR("t.ctstack"), STR("stack t {\n}\n")}};
	struct meta meta = {.base = number - 1, .user = STR("ana"), .summary = STR("")};
	struct manifest observed = {.arena = &w->a}, copy = *to;
	struct event event = {.time = 1700000000, .user = STR("ana"), .action = STR("apply"), .outcome = STR("done"), .from = number - 1, .to = number};
	enum txn_outcome outcome;
	struct plan p;

	copy.arena = &w->a;
	w->may_be[0] = w->may_be[1] = number - 1;
	w->doing = "while a generation is staged";
	assert_int_equal(store_stage(&w->s, &copy, &meta, STR("+ t\n"), sources, 1, &w->e), 0);
	assert_int_equal(meta.number, number);
	assert_int_equal(observe(&w->h, from, to, 0, &observed, &w->e), 0);
	plan_make(&w->a, &observed, to, &p);
	w->may_be[1] = number;
	w->doing = "while it is made true";
	txn_run(&w->h, &w->s, &p, number - 1, number, 0, &outcome, &w->e);
	w->may_be[outcome == TXN_DONE ? 0 : 1] = outcome == TXN_DONE ? number : number - 1;
	w->doing = "afterwards";
	assert_int_equal(store_history_add(&w->s, &event, &w->e), 0);
	return outcome;
}

static void told(struct world *w, const char *what)
{
	print_message("%s: cuts after %zu operations, %zu states of the disk, %zu mixed\n", what, w->disk.operations, w->disk.states, w->mixed);
}

static void begin_second(struct world *w, struct manifest *one, struct manifest *two)
{
	struct manifest empty = {.arena = &w->a};

	manifest_seal(&empty);
	*one = first(&w->a);
	*two = second(&w->a);
	open_store(w);
	assert_int_equal(change(w, &empty, one, 1), TXN_DONE);
	cut_begin(&w->disk);
}

static void a_change_is_whole_after_every_cut(void **state)
{
	struct world *w = *state;
	struct manifest one, two;

	begin_second(w, &one, &two);
	assert_int_equal(change(w, &one, &two, 2), TXN_DONE);
	assert_int_equal(store_drop(&w->s, 1, &w->e), 0);
	cut_end(&w->disk);
	told(w, "a change");
	assert_true(w->disk.operations > 50);
	assert_int_equal(w->mixed, 0);
}

static void so_is_the_way_back(void **state)
{
	struct world *w = *state;
	struct manifest one, two;

	begin_second(w, &one, &two);
	w->machine.fails = true;
	assert_int_equal(change(w, &one, &two, 2), TXN_BACK);
	cut_end(&w->disk);
	told(w, "a way back");
	assert_int_equal(w->mixed, 0);
}

static void so_is_the_first_change_of_a_host(void **state)
{
	struct world *w = *state;
	struct manifest empty = {.arena = &w->a}, one = first(&w->a);

	manifest_seal(&empty);
	w->doing = "while the store is made";
	cut_begin(&w->disk);
	open_store(w);
	assert_int_equal(change(w, &empty, &one, 1), TXN_DONE);
	cut_end(&w->disk);
	told(w, "a first change");
	assert_int_equal(w->mixed, 0);
}

/* The test of the test: on a disk where a sync does nothing it must find what is torn and lost. */
static void a_disk_that_lies_is_found_out(void **state)
{
	struct world *w = *state;
	struct manifest one, two;

	begin_second(w, &one, &two);
	w->disk.no_sync = true;
	assert_int_equal(change(w, &one, &two, 2), TXN_DONE);
	cut_end(&w->disk);
	assert_true(w->mixed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_change_is_whole_after_every_cut, world_up, world_down),
		cmocka_unit_test_setup_teardown(so_is_the_way_back, world_up, world_down),
		cmocka_unit_test_setup_teardown(so_is_the_first_change_of_a_host, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_disk_that_lies_is_found_out, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
