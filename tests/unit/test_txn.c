/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The logic of the transaction, on a world that is one file: the order of phases, and that an error or a kill between any two effects ends, after the way back or a
 * recovery, in the old state or in the new one, never between. The kinds here stand in for the host, in which the real ones are tested (tests/host/test_apply.sh). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/kind.h"
#include "runtime/txn.h"

enum mode { MODE_RUN, MODE_FAIL, MODE_KILL, MODE_INTERRUPT };

/* Hung on the host's progress context: what the kinds below do, and when they stop doing it. */
struct world {
	struct host h;
	struct store s;
	struct arena a;
	struct err e;
	char root[32];
	enum mode mode;
	int countdown;		/* effects until it happens; stays negative afterwards */
	bool stubborn;		/* fails again on the way back */
	volatile int interrupted;
	struct buf log;		/* "stop unit a\n" */
	const char *said;
};

static int world_fd(const struct world *w, int flags)
{
	int fd = openat(w->h.root_fd, "world.json", flags | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void world_read(const struct world *w, struct manifest *m)
{
	_fd_ int fd = world_fd(w, O_RDONLY | O_CREAT);
	_buf_ struct buf text = {0};
	struct err e;
	char part[4096];

	for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
		buf_add(&text, part, (size_t)n);
	if (text.n)
		assert_int_equal(manifest_decode(buf_view(&text), m, &e), 0);
	else
		manifest_seal(m);
}

static void world_write(const struct world *w, const struct manifest *m)
{
	_fd_ int fd = world_fd(w, O_WRONLY | O_CREAT | O_TRUNC);
	_buf_ struct buf text = {0};

	manifest_encode(m, &text);
	assert_int_equal(write(fd, text.s, text.n), (ssize_t)text.n);
}

/* Puts (with) or takes away (NULL) one resource: one effect, which cannot be half done. */
static int effect(struct world *w, const char *phase, const struct res *old, const struct res *with, struct err *e)
{
	_arena_ struct arena a = {0};
	struct manifest before = {.arena = &a}, after = {.arena = &a};
	const struct res *id = with ? with : old;

	if (w->countdown-- == 0) {
		if (w->mode == MODE_KILL)
			_exit(9);
		if (w->mode == MODE_FAIL) {
			w->countdown = w->stubborn ? 0 : -1;
			err_set(e, -EIO, "the world refused");
			return err_resource(e, id->id);
		}
		if (w->mode == MODE_INTERRUPT)
			w->interrupted = 1;
	}
	buf_fmt(&w->log, "%s %s %.*s\n", phase, res_infos[id->kind].word, STR_ARG(id->id));
	world_read(w, &before);
	for (size_t i = 0; i < before.all.n; i++)
		if (res_cmp(before.all.at[i], id) != 0)
			manifest_put(&after, before.all.at[i]);
	if (with)
		manifest_put(&after, res_copy(&a, with));
	assert_null(manifest_seal(&after));
	world_write(w, &after);
	return 0;
}

static struct world *world_of(struct host *h)
{
	return h->progress_context;
}

#define SEE(kind)                                                                                                                      \
	static int see_##kind(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)                      \
	{                                                                                                                              \
		struct manifest all = {.arena = ret->arena};                                                                          \
		(void)known, (void)e;                                                                                                  \
		world_read(world_of(h), &all);                                                                                         \
		for (size_t i = all.first[RES_##kind]; i < all.first[RES_##kind + 1]; i++)                                            \
			manifest_put(ret, all.all.at[i]);                                                                              \
		return 0;                                                                                                              \
	}
SEE(sysctl)
SEE(directory)
SEE(netns)
SEE(link)
SEE(nft)
SEE(unit)

/* What is made early, changed early, and removed late. */
static int apply_thing(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		const struct change *c = &s.at[i];

		if (phase == PHASE_ADD && c->to)
			r = effect(world_of(h), "add", c->from, c->to, e);
		else if (phase == PHASE_CLEAN && !c->to && !(c->from->kind == RES_directory && ((const struct res_directory *)c->from)->keep))
			r = effect(world_of(h), "clean", c->from, NULL, e);
	}
	return r;
}

static int apply_link(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		const struct change *c = &s.at[i];

		if (phase == PHASE_ADD && c->op == OP_CREATE)
			r = effect(world_of(h), "add", NULL, c->to, e);
		else if (phase == PHASE_SWAP && c->op == OP_CHANGE)
			r = effect(world_of(h), "swap", c->from, c->to, e);
		else if (phase == PHASE_CLEAN && c->op == OP_DELETE)
			r = effect(world_of(h), "clean", c->from, NULL, e);
	}
	return r;
}

/* One batch. */
static int apply_nft(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; phase == PHASE_SWAP && i < s.n && r == 0; i++)
		r = effect(world_of(h), "swap", s.at[i].from, s.at[i].to, e);
	return r;
}

static int apply_unit(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		const struct res_unit *from = (const struct res_unit *)s.at[i].from, *to = (const struct res_unit *)s.at[i].to;

		if (phase == PHASE_STOP && from && from->active)
			r = effect(world_of(h), "stop", &from->res, NULL, e);
		else if (phase == PHASE_STOP && from && !to)
			r = effect(world_of(h), "forget", &from->res, NULL, e);
		else if (phase == PHASE_START && to)
			r = effect(world_of(h), to->active ? "start" : "load", NULL, &to->res, e);
	}
	return r;
}

static int prepare_unit(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_is(change_res(&s.at[i])->id, "in-the-way"))
			return err_set(e, -EEXIST, "there is another unit of this name");
	(void)h;
	return 0;
}

static const struct kind_ops
	ops_sysctl = {.observe = see_sysctl, .apply = apply_thing},
	ops_directory = {.observe = see_directory, .apply = apply_thing},
	ops_netns = {.observe = see_netns, .apply = apply_thing},
	ops_link = {.observe = see_link, .apply = apply_link},
	ops_nft = {.observe = see_nft, .apply = apply_nft},
	ops_unit = {.observe = see_unit, .prepare = prepare_unit, .apply = apply_unit};

/* This program's table in place of kinds.c. */
const struct kind_ops *const kinds[RES_KIND_COUNT] = {
	[RES_sysctl] = &ops_sysctl, [RES_directory] = &ops_directory, [RES_netns] = &ops_netns, [RES_link] = &ops_link, [RES_nft] = &ops_nft, [RES_unit] = &ops_unit,
};

static void on_progress(void *context, const char *line)
{
	((struct world *)context)->said = line[0] ? "something" : NULL;
}

static int world_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	/* In memory where there is such a place: every step is synced. */
	strcpy(w->root, access("/dev/shm", W_OK) == 0 ? "/dev/shm/ctc-txn.XXXXXX" : "/tmp/ctc-txn.XXXXXX");
	assert_non_null(mkdtemp(w->root));
	w->h = (struct host){.root_fd = open(w->root, O_PATH | O_DIRECTORY | O_CLOEXEC), .progress = on_progress, .progress_context = w};
	w->h.interrupted = &w->interrupted;
	w->countdown = -1;
	assert_int_equal(store_open(&w->h, true, &w->s, &w->e), 0);
	assert_int_equal(store_lock(&w->s, "ctc test", &w->e), 0);
	assert_int_equal(store_make(&w->h, &w->s, &w->e), 0);
	*state = w;
	return 0;
}

static int world_down(void **state)
{
	struct world *w = *state;
	char command[64];

	store_close(&w->s);
	close(w->h.root_fd);
	arena_free(&w->a);
	buf_free(&w->log);
	snprintf(command, sizeof command, "rm -rf %s", w->root);
	free(w);
	return system(command);
}

static void unit(struct manifest *m, const char *id, const char *text, bool active)
{
	struct res_unit *u = manifest_add_unit(m, str_of(id));

	u->text = str_of(text);
	u->active = active;
}

/* The first generation: `same` and `limit` run, `old` goes. */
static struct manifest first(struct arena *a)
{
	struct manifest m = {.arena = a};

	manifest_add_stack(&m, STR("t"));
	manifest_add_sysctl(&m, STR("net.x"))->value = STR("1");
	manifest_add_directory(&m, STR("/data/old"))->keep = true;
	manifest_add_netns(&m, STR("old"));
	manifest_add_netns(&m, STR("same"));
	manifest_add_link(&m, STR("l-old"));
	manifest_add_link(&m, STR("l-same"))->address = STR("10.0.0.2");
	manifest_add_nft(&m, STR("flow old"));
	manifest_add_nft(&m, STR("flow same"));
	unit(&m, "limit", "memory 1", true);
	unit(&m, "old", "x", true);
	unit(&m, "same", "y", true);
	assert_null(manifest_seal(&m));
	return m;
}

static struct manifest second(struct arena *a)
{
	struct manifest m = {.arena = a};

	manifest_add_stack(&m, STR("t"));
	manifest_add_sysctl(&m, STR("net.x"))->value = STR("2");
	manifest_add_directory(&m, STR("/data/new"))->mode = 0755;
	manifest_add_netns(&m, STR("new"));
	manifest_add_netns(&m, STR("same"));
	manifest_add_link(&m, STR("l-new"));
	manifest_add_link(&m, STR("l-same"))->address = STR("10.0.0.3");
	manifest_add_nft(&m, STR("flow new"));
	manifest_add_nft(&m, STR("flow same"));
	unit(&m, "limit", "memory 2", true);
	unit(&m, "new", "x", true);
	unit(&m, "same", "y", true);
	assert_null(manifest_seal(&m));
	return m;
}

static uint32_t stage(struct world *w, const struct manifest *m)
{
	struct meta meta = {.summary = STR("")};

	assert_int_equal(store_stage(&w->s, m, &meta, STR(""), NULL, 0, &w->e), 0);
	return meta.number;
}

static enum txn_outcome run(struct world *w, const struct manifest *recorded, const struct manifest *wanted, uint32_t from, uint32_t to)
{
	struct manifest observed = {.arena = &w->a};
	enum txn_outcome outcome;
	struct plan p;

	assert_int_equal(observe(&w->h, recorded, wanted, 0, &observed, &w->e), 0);
	plan_make(&w->a, &observed, wanted, &p);
	int r = txn_run(&w->h, &w->s, &p, from, to, 0, &outcome, &w->e);
	assert_int_equal(r == 0, outcome == TXN_DONE);
	return outcome;
}

/* Generation 1 runs, generation 2 is staged. */
static void begin(struct world *w, struct manifest *one, struct manifest *two)
{
	struct manifest empty = {.arena = &w->a};

	manifest_seal(&empty);
	*one = first(&w->a);
	*two = second(&w->a);
	assert_int_equal(stage(w, one), 1);
	assert_int_equal(run(w, &empty, one, 0, 1), TXN_DONE);
	assert_int_equal(stage(w, two), 2);
	w->log.n = 0;
}

static char *link_of(struct world *w, const char *path)
{
	static const char none[] = "";
	char target[128];
	ssize_t n = readlinkat(w->h.root_fd, path, target, sizeof target);

	return n < 0 ? (char *)none : (char *)str_copy(&w->a, (struct str){target + n - 4, 4}).s;
}

static bool has_journal(struct world *w)
{
	struct stat st;

	return fstatat(w->h.root_fd, "var/lib/ctstack/journal", &st, 0) == 0;
}

/* The effects of a manifest are what the world has, kept data aside. */
static void world_is(struct world *w, const struct manifest *m, uint32_t number)
{
	struct manifest now = {.arena = &w->a};
	char four[8];
	struct plan p;

	world_read(w, &now);
	plan_make(&w->a, &now, m, &p);
	for (size_t i = 0; i < p.changes.n; i++) {
		const struct res *r = change_res(&p.changes.at[i]);

		if (res_infos[r->kind].class == RES_EFFECT && !str_is(r->id, "/data/old"))
			fail_msg("%s %s differs", res_infos[r->kind].word, r->id.s);
	}
	snprintf(four, sizeof four, "%04u", number);
	assert_string_equal(link_of(w, "var/lib/ctstack/current"), four);
	assert_string_equal(link_of(w, "run/ctstack/active"), four);
	assert_false(has_journal(w));
}

static void the_order_is_the_design(void **state)
{
	struct world *w = *state;
	struct manifest one, two;

	begin(w, &one, &two);
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_DONE);
	assert_string_equal(str_copy(&w->a, buf_view(&w->log)).s,
			    "add sysctl net.x\n"
			    "add directory /data/new\n"
			    "add netns new\n"
			    "add link l-new\n"
			    "stop unit limit\n"
			    "stop unit old\n"
			    "swap link l-same\n"
			    "swap nft flow new\n"
			    "swap nft flow old\n"
			    "start unit limit\n"
			    "start unit new\n"
			    "clean link l-old\n"
			    "clean netns old\n");
	world_is(w, &two, 2);
}

enum { EFFECTS = 13 };

/* What had been stopped before stays stopped, and a kernel switch that somebody had set is set back to that. */
static void going_back_is_to_what_was_found(void **state)
{
	struct world *w = *state;
	struct manifest one, two, found = {.arena = &w->a};

	begin(w, &one, &two);
	for (size_t i = 0; i < one.all.n; i++) {
		struct res *r = res_copy(&w->a, one.all.at[i]);

		if (str_is(r->id, "limit"))
			((struct res_unit *)r)->active = false;
		if (r->kind == RES_sysctl)
			((struct res_sysctl *)r)->value = STR("7");
		if (res_infos[r->kind].class == RES_EFFECT)
			manifest_put(&found, r);
	}
	manifest_seal(&found);
	world_write(w, &found);
	w->mode = MODE_FAIL;
	w->countdown = 10;
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_BACK);
	world_is(w, &found, 1);
}

static void an_error_at_any_effect_goes_back(void **state)
{
	static const enum mode modes[] = {MODE_FAIL, MODE_INTERRUPT};
	struct world *w = *state;
	struct manifest one, two;

	begin(w, &one, &two);
	for (size_t k = 0; k < 2; k++)
		for (int n = 0; n < EFFECTS; n++) {
			w->mode = modes[k];
			w->countdown = n;
			w->interrupted = 0;
			assert_int_equal(run(w, &one, &two, 1, 2), TXN_BACK);
			assert_non_null(strstr(w->e.text, modes[k] == MODE_FAIL ? "the world refused" : "interrupted"));
			world_is(w, &one, 1);
		}
	w->mode = MODE_RUN;
	w->interrupted = 0;
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_DONE);
	world_is(w, &two, 2);
}

static void what_cannot_go_back_is_said_and_recovered(void **state)
{
	struct world *w = *state;
	struct recovery done;
	struct manifest one, two;

	begin(w, &one, &two);
	w->mode = MODE_FAIL;
	w->countdown = 8;
	w->stubborn = true;
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_STUCK);
	assert_non_null(strstr(w->e.text, "the way back was not clean: these still differ"));
	assert_true(has_journal(w));
	w->mode = MODE_RUN;
	assert_int_equal(txn_recover(&w->h, &w->s, &done, &w->e), 0);
	assert_true(done.found && !done.committed && done.from == 1 && done.to == 2);
	world_is(w, &one, 1);
	assert_int_equal(txn_recover(&w->h, &w->s, &done, &w->e), 0);
	assert_false(done.found);
}

/* In a child that dies at the n-th effect; then a new process recovers, which dies at its k-th, and another one. */
static void a_kill_at_any_effect_is_recovered(void **state)
{
	struct world *w = *state;
	struct recovery done;
	struct manifest one, two;
	int killed = 0;

	begin(w, &one, &two);
	for (int n = 0; n < EFFECTS; n++)
		for (int k = -1; k < n; k += 4) {
			int status;

			if (fork() == 0) {
				w->mode = MODE_KILL;
				w->countdown = n;
				run(w, &one, &two, 1, 2);
				_exit(0);
			}
			wait(&status);
			killed += WEXITSTATUS(status) == 9;
			assert_true(has_journal(w));
			if (k >= 0 && fork() == 0) {
				w->mode = MODE_KILL;
				w->countdown = k;
				txn_recover(&w->h, &w->s, &done, &w->e);
				_exit(0);
			}
			if (k >= 0)
				wait(&status);
			assert_int_equal(txn_recover(&w->h, &w->s, &done, &w->e), 0);
			world_is(w, &one, 1);
		}
	assert_true(killed > EFFECTS);
}

/* `tool` waits for people, who had started it, and went down with `limit`; its text is as it was. The journal is of this boot, or of another one. */
static bool tool_runs_after_recovery(struct world *w, struct str boot)
{
	struct manifest one, two, found = {.arena = &w->a}, left = {.arena = &w->a}, now = {.arena = &w->a};
	_buf_ struct buf observed = {0};
	struct recovery done;

	begin(w, &one, &two);
	for (size_t i = 0; i < one.all.n; i++) {
		manifest_put(&found, one.all.at[i]);
		if (!str_is(one.all.at[i]->id, "limit"))
			manifest_put(&left, one.all.at[i]);
	}
	unit(&found, "tool", "z", false);
	unit(&left, "tool", "z", false);
	manifest_seal(&found);
	manifest_seal(&left);
	((struct res_unit *)manifest_find(&found, RES_unit, STR("tool")))->runs = true;
	manifest_encode(&found, &observed);
	world_write(w, &left);
	assert_int_equal(store_journal_write(&w->s, &(struct journal){1, 2, boot, buf_view(&observed)}, &w->e), 0);
	assert_int_equal(txn_recover(&w->h, &w->s, &done, &w->e), 0);
	assert_true(done.found && !done.committed);
	world_read(w, &now);
	assert_non_null(manifest_find(&now, RES_unit, STR("limit")));
	return ((const struct res_unit *)manifest_find(&now, RES_unit, STR("tool")))->runs;
}

static void what_people_had_started_runs_again(void **state)
{
	assert_true(tool_runs_after_recovery(*state, STR("")));
}

static void what_people_had_started_ends_with_the_boot(void **state)
{
	assert_false(tool_runs_after_recovery(*state, STR("another")));
}

/* Committed, but killed before the journal was removed. */
static void a_commit_is_not_taken_back(void **state)
{
	struct world *w = *state;
	struct recovery done;
	struct manifest one, two;
	_buf_ struct buf observed = {0};

	begin(w, &one, &two);
	manifest_encode(&one, &observed);
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_DONE);
	assert_int_equal(store_journal_write(&w->s, &(struct journal){1, 2, STR("here"), buf_view(&observed)}, &w->e), 0);
	assert_int_equal(txn_recover(&w->h, &w->s, &done, &w->e), 0);
	assert_true(done.committed);
	world_is(w, &two, 2);
}

static void a_refusal_touches_nothing(void **state)
{
	struct world *w = *state;
	struct manifest one, two;

	begin(w, &one, &two);
	struct manifest wrong = {.arena = &w->a};
	unit(&wrong, "in-the-way", "x", true);
	manifest_seal(&wrong);
	assert_int_equal(run(w, &one, &wrong, 1, 2), TXN_REFUSED);
	assert_int_equal(w->log.n, 0);
	world_is(w, &one, 1);
	w->interrupted = 1;
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_REFUSED);
	assert_int_equal(w->log.n, 0);
	world_is(w, &one, 1);
}

static void a_generation_is_made_true_from_anything(void **state)
{
	struct world *w = *state;
	struct manifest one, two, mess = {.arena = &w->a};

	begin(w, &one, &two);
	for (size_t i = 0; i < one.all.n; i += 2) /* half of it is lost */
		if (res_infos[one.all.at[i]->kind].class == RES_EFFECT)
			manifest_put(&mess, one.all.at[i]);
	manifest_seal(&mess);
	world_write(w, &mess);
	assert_int_equal(run(w, &one, &one, 1, 1), TXN_DONE);
	world_is(w, &one, 1);
	assert_int_equal(run(w, &one, &two, 1, 2), TXN_DONE);
	assert_int_equal(run(w, &two, &one, 2, 1), TXN_DONE);
	world_is(w, &one, 1);
}

/* What a boot finds: data and nothing else; `active` is what the first start of a container looks at. */
static int boot(struct world *w, const struct manifest *current)
{
	struct manifest observed = {.arena = &w->a};
	struct plan p;

	unlinkat(w->h.root_fd, "run/ctstack/active", 0);
	assert_int_equal(observe(&w->h, current, current, CONVERGE_NETWORK_ONLY, &observed, &w->e), 0);
	plan_make(&w->a, &observed, current, &p);
	return converge(&w->h, &w->s, &p, 1, CONVERGE_NETWORK_ONLY | CONVERGE_GO_ON, &w->e);
}

/* Or else a container would start with a link and without a policy. */
static void a_boot_that_fails_activates_nothing(void **state)
{
	struct manifest one, two, nothing;
	int failures = 0;

	begin(*state, &one, &two);
	for (int at = 0;; at++) {
		struct world *w = *state;

		nothing = (struct manifest){.arena = &w->a};
		manifest_seal(&nothing);
		world_write(w, &nothing);
		w->mode = MODE_FAIL;
		w->countdown = at;
		int r = boot(w, &one);
		assert_string_equal(link_of(w, "run/ctstack/active"), r < 0 ? "" : "0001");
		if (r == 0)
			break;
		failures++;
	}
	assert_true(failures >= 7); /* a switch, a directory, namespaces, links, elements */
}

int main(void)
{
#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)
	const struct CMUnitTest tests[] = {
		IN_WORLD(the_order_is_the_design),
		IN_WORLD(going_back_is_to_what_was_found),
		IN_WORLD(an_error_at_any_effect_goes_back),
		IN_WORLD(what_cannot_go_back_is_said_and_recovered),
		IN_WORLD(a_kill_at_any_effect_is_recovered),
		IN_WORLD(what_people_had_started_runs_again),
		IN_WORLD(what_people_had_started_ends_with_the_boot),
		IN_WORLD(a_commit_is_not_taken_back),
		IN_WORLD(a_refusal_touches_nothing),
		IN_WORLD(a_generation_is_made_true_from_anything),
		IN_WORLD(a_boot_that_fails_activates_nothing),
	};

	return cmocka_run_group_tests_name("txn", tests, NULL, NULL);
}
