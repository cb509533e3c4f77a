/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The store, in a directory that plays the host's root: what was written comes back, a damaged byte is named, what cannot be written leaves nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/clock.h"
#include "runtime/digest.h"
#include "runtime/store.h"

struct world {
	char root[32];
	struct host h;
	struct store s;
	struct arena a;
	struct err e;
};

static int world_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->root, "/tmp/ctc-store.XXXXXX");
	assert_non_null(mkdtemp(w->root));
	w->h.root_fd = open(w->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->h.root_fd >= 0);
	assert_int_equal(store_open(&w->h, true, &w->s, &w->e), 0);
	assert_int_equal(store_lock(&w->s, "ctc test", &w->e), 0);
	assert_int_equal(store_make(&w->h, &w->s, &w->e), 0);
	*state = w;
	return 0;
}

static int remove_all(const char *path)
{
	char command[64];

	/* the only tree of the tests, made by mkdtemp */
	snprintf(command, sizeof command, "rm -rf %s", path);
	return system(command);
}

static int world_down(void **state)
{
	struct world *w = *state;

	store_close(&w->s);
	close(w->h.root_fd);
	arena_free(&w->a);
	int r = remove_all(w->root);
	free(w);
	return r;
}

static struct manifest sample(struct arena *a, const char *id)
{
	struct manifest m = {.arena = a};

	manifest_add_netns(&m, str_of(id));
	assert_null(manifest_seal(&m));
	return m;
}

static uint32_t stage(struct world *w, const char *id)
{
	const struct source_file sources[] = {{STR("ml.ctstack"), STR("stack ml {\n}\n")}, {STR("../lib.ctstack"), STR("")}};
	struct manifest m = sample(&w->a, id);
	struct meta meta = {.base = 0, .time = 1700000000, .user = STR("ana"), .command = STR("ctc apply ml.ctstack"), .summary = STR("1 new")};

	assert_int_equal(store_stage(&w->s, &m, &meta, STR("+ ml\n"), sources, 2, &w->e), 0);
	return meta.number;
}

static char *path_in(struct world *w, const char *rest)
{
	return (char *)str_fmt(&w->a, "%s/var/lib/ctstack/%s", w->root, rest).s;
}

static void sha256_of_known_texts(void **state)
{
	char out[DIGEST_TEXT + 1];

	(void)state;
	digest_hex(STR("abc"), out); /* FIPS 180-4, example 1 */
	assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_hex(STR(""), out);
	assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_new_store_has_generation_0_and_nothing_else(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->a};
	uint32_t *all, current = 7;
	size_t n;

	assert_int_equal(store_current(&w->s, &current, &w->e), 0);
	assert_int_equal(current, 0);
	assert_int_equal(store_load(&w->s, 0, &m, NULL, &w->e), 0);
	assert_int_equal(m.all.n, 0);
	assert_int_equal(store_list(&w->s, &w->a, &all, &n, &w->e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(all[0], 0);
	assert_int_equal(store_drop(&w->s, 0, &w->e), -EBUSY);
}

static void a_host_without_store_is_told_so(void **state)
{
	struct world *w = *state;
	struct host other = {.root_fd = openat(w->h.root_fd, "run", O_PATH | O_DIRECTORY | O_CLOEXEC)};
	struct store s;

	assert_int_equal(store_open(&other, false, &s, &w->e), -ENOENT);
	assert_non_null(strstr(w->e.text, "ctc apply"));
	close(other.root_fd);
}

static void what_was_staged_comes_back(void **state)
{
	struct world *w = *state;
	uint32_t number = stage(w, "ct-a");
	struct manifest m = {.arena = &w->a};
	struct meta meta;
	struct source_file *sources;
	struct str plan;
	struct stat st;
	size_t n;

	assert_int_equal(number, 1);
	assert_int_equal(store_load(&w->s, 1, &m, &meta, &w->e), 0);
	assert_non_null(manifest_find(&m, RES_netns, STR("ct-a")));
	assert_true(str_is(meta.command, "ctc apply ml.ctstack"));
	assert_int_equal(meta.time, 1700000000);
	assert_int_equal(meta.digest.n, DIGEST_TEXT);
	assert_int_equal(store_read(&w->s, 1, "plan.txt", &w->a, &plan, &w->e), 0);
	assert_true(str_is(plan, "+ ml\n"));
	assert_int_equal(store_sources(&w->s, 1, &w->a, &sources, &n, &w->e), 0);
	assert_int_equal(n, 2);
	assert_true(str_is(sources[1].path, "../lib.ctstack"));
	assert_true(str_is(sources[0].text, "stack ml {\n}\n"));
	assert_int_equal(stat(path_in(w, "generations/0001"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(store_load(&w->s, 9, &m, NULL, &w->e), -ENOENT);
}

static void sums_are_what_sha256sum_reads(void **state)
{
	struct world *w = *state;

	stage(w, "ct-a");
	assert_int_equal(system(str_fmt(&w->a, "cd %s && sha256sum --check --quiet SHA256SUMS", path_in(w, "generations/0001")).s), 0);
}

/* Flips one bit of the byte. */
static void damage(struct world *w, const char *file, off_t at)
{
	_fd_ int fd = open(path_in(w, file), O_RDWR | O_CLOEXEC);
	char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

static int read_all(struct world *w)
{
	struct manifest m = {.arena = &w->a};
	struct meta meta;
	struct source_file *sources;
	struct str plan;
	size_t n;

	int r = store_load(&w->s, 1, &m, &meta, &w->e);
	if (r == 0)
		r = store_read(&w->s, 1, "plan.txt", &w->a, &plan, &w->e);
	return r < 0 ? r : store_sources(&w->s, 1, &w->a, &sources, &n, &w->e);
}

static void every_damaged_byte_is_found_and_its_file_named(void **state)
{
	static const char *const files[] = {"manifest.json", "plan.txt", "meta.json", "source/0000", "SHA256SUMS"};
	struct world *w = *state;
	size_t bytes = 0;

	stage(w, "ct-a");
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct str file = str_fmt(&w->a, "generations/0001/%s", files[i]);
		struct stat st;

		assert_int_equal(stat(path_in(w, file.s), &st), 0);
		for (off_t at = 0; at < st.st_size; at++, bytes++) {
			damage(w, file.s, at);
			assert_int_equal(read_all(w), -EBADMSG);
			assert_non_null(strstr(w->e.text, file.s));
			damage(w, file.s, at);
		}
		assert_int_equal(read_all(w), 0);
	}
	assert_true(bytes > 500);
}

static void a_missing_file_is_damage(void **state)
{
	struct world *w = *state;

	stage(w, "ct-a");
	assert_int_equal(unlink(path_in(w, "generations/0001/manifest.json")), 0);
	assert_int_equal(read_all(w), -EBADMSG);
	assert_non_null(strstr(w->e.text, "manifest.json is missing"));
}

static void the_commit_is_the_link(void **state)
{
	struct world *w = *state;
	char target[128];
	uint32_t current;

	stage(w, "ct-a");
	assert_int_equal(store_activate(&w->s, 1, &w->e), 0);
	assert_int_equal(store_current(&w->s, &current, &w->e), 0);
	assert_int_equal(current, 0);
	assert_int_equal(store_commit(&w->s, 1, &w->e), 0);
	assert_int_equal(store_current(&w->s, &current, &w->e), 0);
	assert_int_equal(current, 1);
	ssize_t n = readlink(str_fmt(&w->a, "%s/run/ctstack/active", w->root).s, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	assert_string_equal(target, "/var/lib/ctstack/generations/0001");
	assert_int_equal(store_commit(&w->s, 5, &w->e), -ENOENT);
	assert_int_equal(store_drop(&w->s, 1, &w->e), -EBUSY);
}

static void a_link_to_nowhere_is_refused(void **state)
{
	static const char *const targets[] = {"generations/x", "generations/01", "/etc", "generations/00001", "generations/99999999999"};
	struct world *w = *state;
	uint32_t current;

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		unlink(path_in(w, "current"));
		assert_int_equal(symlink(targets[i], path_in(w, "current")), 0);
		assert_int_equal(store_current(&w->s, &current, &w->e), -EBADMSG);
	}
}

static void the_lock_says_who_has_it(void **state)
{
	struct world *w = *state;
	struct store other;

	assert_int_equal(store_open(&w->h, false, &other, &w->e), 0);
	assert_true(store_locked_by_other(&other));
	assert_int_equal(store_lock(&other, "ctc second", &w->e), -EBUSY);
	assert_non_null(strstr(w->e.text, "ctc test"));
	store_close(&w->s);
	assert_false(store_locked_by_other(&other));
	assert_int_equal(store_lock(&other, "ctc second", &w->e), 0);
	w->s = other;
}

/* What `ctc status` does with the lock, only that it takes its time. */
static void who_only_looks_is_not_in_the_way(void **state)
{
	struct world *w = *state;
	struct store other;
	int status;

	assert_int_equal(store_open(&w->h, false, &other, &w->e), 0);
	store_close(&w->s);
	int fd = openat(other.run_fd, "lock", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_false(store_locked_by_other(&other)); /* nor in each other's */
	pid_t child = fork();
	if (child == 0) {
		usleep(30000);
		_exit(0);
	}
	close(fd); /* the child has it still */
	assert_int_equal(store_lock(&other, "ctc second", &w->e), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	w->s = other;
}

/* The watcher's, which may begin at any moment: who asks for a change is not told to try again. */
static void a_restoration_is_waited_for(void **state)
{
	struct world *w = *state;
	struct store other;
	int status;

	store_close(&w->s);
	assert_int_equal(store_open(&w->h, false, &w->s, &w->e), 0);
	assert_int_equal(store_lock(&w->s, STORE_RESTORE, &w->e), 0);
	pid_t child = fork();
	if (child == 0) {
		usleep(600000);
		_exit(0);
	}
	store_close(&w->s); /* the child has it still */
	assert_int_equal(store_open(&w->h, false, &other, &w->e), 0);
	assert_true(store_locked_by_other(&other));
	assert_int_equal(store_lock(&other, "ctc second", &w->e), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	w->s = other;
}

/* Not for whoever has the lock after it. */
static void who_comes_behind_a_restoration_is_given_way_to(void **state)
{
	struct world *w = *state;
	struct store other;
	int status;

	store_close(&w->s);
	assert_int_equal(store_open(&w->h, false, &w->s, &w->e), 0);
	assert_int_equal(store_lock(&w->s, STORE_RESTORE, &w->e), 0);
	pid_t child = fork();
	if (child == 0) {
		usleep(100000);
		if (ftruncate(w->s.lock_fd, 0) < 0 || pwrite(w->s.lock_fd, "77 ctc apply\n", 13, 0) != 13)
			_exit(1);
		pause();
		_exit(0);
	}
	store_close(&w->s); /* the child has it still */
	assert_int_equal(store_open(&w->h, false, &other, &w->e), 0);
	int64_t begun_ms = clock_ms();
	int r = store_lock(&other, "ctc second", &w->e);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(r, -EBUSY);
	assert_true(clock_ms() - begun_ms < 15000);
	assert_non_null(strstr(w->e.text, "77 ctc apply"));
	w->s = other;
}

static void pruning_keeps_the_newest_the_current_and_its_base(void **state)
{
	struct world *w = *state;
	struct manifest m = sample(&w->a, "ct-x");
	uint32_t *all;
	size_t n;

	for (int i = 0; i < 6; i++)
		stage(w, "ct-a");
	struct meta meta = {.base = 2};
	assert_int_equal(store_stage(&w->s, &m, &meta, STR(""), NULL, 0, &w->e), 0);
	stage(w, "ct-b");
	stage(w, "ct-c");
	assert_int_equal(store_commit(&w->s, 7, &w->e), 0);
	assert_int_equal(store_prune(&w->s, 2, &w->e), 0);
	assert_int_equal(store_list(&w->s, &w->a, &all, &n, &w->e), 0);
	const uint32_t wanted[] = {0, 2, 7, 8, 9};
	assert_int_equal(n, 5);
	assert_memory_equal(all, wanted, sizeof wanted);
}

static void the_journal_comes_back_or_is_refused(void **state)
{
	struct world *w = *state;
	struct journal j;
	bool found = true;
	struct stat st;

	assert_int_equal(store_journal_read(&w->s, &w->a, &found, &j, &w->e), 0);
	assert_false(found);
	assert_int_equal(store_journal_write(&w->s, &(struct journal){1, 2, STR("here"), STR("{\"x\":\"\n\"}")}, &w->e), 0);
	assert_int_equal(store_journal_read(&w->s, &w->a, &found, &j, &w->e), 0);
	assert_true(found);
	assert_int_equal(j.from, 1);
	assert_int_equal(j.to, 2);
	assert_true(str_is(j.boot, "here"));
	assert_true(str_is(j.observed, "{\"x\":\"\n\"}"));
	assert_false(store_unsettled(&w->s, STR("here")));
	assert_true(store_unsettled(&w->s, STR("later")));
	assert_int_equal(stat(path_in(w, "journal"), &st), 0);
	damage(w, "journal", st.st_size - 6);
	assert_false(store_unsettled(&w->s, STR("later")));
	assert_int_equal(store_journal_read(&w->s, &w->a, &found, &j, &w->e), -EBADMSG);
	assert_int_equal(store_journal_remove(&w->s, &w->e), 0);
	assert_int_equal(store_journal_remove(&w->s, &w->e), 0);
}

/* Reads all that there is of a generation. */
static int read_generation(struct world *w, uint32_t number)
{
	_arena_ struct arena a = {0};
	struct manifest m = {.arena = &a};
	struct source_file *sources;
	struct meta meta;
	struct str text;
	size_t n;
	int r = store_load(&w->s, number, &m, &meta, &w->e);

	if (r == 0)
		r = store_read(&w->s, number, "plan.txt", &a, &text, &w->e);
	return r < 0 ? r : store_sources(&w->s, number, &a, &sources, &n, &w->e);
}

static void flip(int fd, off_t at, unsigned char bits)
{
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= bits;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Every byte of every file of a generation, one bit at its low and one at its high end: refused, with the file's name; and the generation beside it is read as before. */
static void every_byte_of_a_generation_counts(void **state)
{
	static const char *const files[] = {"manifest.json", "plan.txt", "meta.json", "SHA256SUMS", "source/0000"};
	struct world *w = *state;
	uint32_t good = stage(w, "ct-good"), bad = stage(w, "ct-bad");
	size_t flipped = 0;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char *path = path_in(w, str_fmt(&w->a, "generations/%04u/%s", bad, files[i]).s);
		_fd_ int fd = open(path, O_RDWR | O_CLOEXEC);
		struct stat st;

		assert_int_equal(fstat(fd, &st), 0);
		assert_true(st.st_size > 0);
		for (off_t at = 0; at < st.st_size; at++)
			for (int bits = 0x01; bits <= 0x80; bits += 0x7f, flipped++) {
				flip(fd, at, (unsigned char)bits);
				assert_int_equal(read_generation(w, bad), -EBADMSG);
				assert_non_null(strstr(w->e.text, files[i]));
				flip(fd, at, (unsigned char)bits);
			}
	}
	assert_int_equal(read_generation(w, bad), 0);
	assert_int_equal(read_generation(w, good), 0);
	assert_true(flipped > 1000);
	printf("a generation of %zu files: each byte flipped, %zu reads, 0 of them taken for whole\n", sizeof files / sizeof files[0], flipped);
}

/* The same of a file of one object: `read` returns what reading it says. */
static void every_byte_counts(struct world *w, const char *name, int (*read)(struct world *w))
{
	_fd_ int fd = open(path_in(w, name), O_RDWR | O_CLOEXEC);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 64);
	assert_int_equal(read(w), 0);
	for (off_t at = 0; at < st.st_size; at++)
		for (int bits = 0x01; bits <= 0x80; bits += 0x7f) {
			flip(fd, at, (unsigned char)bits);
			assert_int_equal(read(w), -EBADMSG);
			assert_non_null(strstr(w->e.text, name));
			flip(fd, at, (unsigned char)bits);
		}
	printf("%s: each byte flipped, %lld reads, 0 of them taken for whole\n", name, 2LL * st.st_size);
	/* and cut off anywhere */
	for (off_t at = st.st_size - 1; at >= 0; at--) {
		assert_int_equal(ftruncate(fd, at), 0);
		assert_int_equal(read(w), -EBADMSG);
	}
}

static int read_journal(struct world *w)
{
	struct journal j;
	bool found;

	return store_journal_read(&w->s, &w->a, &found, &j, &w->e);
}

static int read_pending(struct world *w)
{
	struct pending p;
	bool found;

	return store_pending_read(&w->s, &w->a, &found, &p, &w->e);
}

static void every_byte_of_the_journal_counts(void **state)
{
	struct world *w = *state;

	assert_int_equal(store_journal_write(&w->s, &(struct journal){1, 2, STR("here"), STR("{\"x\":\"\n\"}")}, &w->e), 0);
	every_byte_counts(w, "journal", read_journal);
}

static void what_waits_to_be_confirmed_comes_back_or_is_refused(void **state)
{
	struct world *w = *state;
	const struct pending p = {.from = 1, .to = 2, .boot = STR("here"), .window_us = 5000000, .deadline_us = 7000000, .user = STR("ana \"x\"")};
	struct pending back;
	uint32_t number;
	bool found;

	assert_int_equal(store_pending_read(&w->s, &w->a, &found, &back, &w->e), 0);
	assert_false(found);
	stage(w, "ct-one");
	assert_int_equal(stage(w, "ct-two"), 2);
	assert_int_equal(store_commit(&w->s, 2, &w->e), 0);
	assert_int_equal(store_pending_write(&w->s, &p, &w->e), 0);
	assert_int_equal(store_pending_read(&w->s, &w->a, &found, &back, &w->e), 0);
	assert_true(found && back.from == 1 && back.to == 2 && back.window_us == 5000000 && back.deadline_us == 7000000);
	assert_true(str_eq(back.boot, p.boot) && str_eq(back.user, p.user));
	/* a boot goes back, this one does not */
	assert_int_equal(store_boot_generation(&w->s, STR("here"), &number, &w->e), 0);
	assert_int_equal(number, 2);
	assert_int_equal(store_boot_generation(&w->s, STR("later"), &number, &w->e), 0);
	assert_int_equal(number, 1);
	assert_false(store_unsettled(&w->s, STR("here")));
	assert_true(store_unsettled(&w->s, STR("later")));
	every_byte_counts(w, "pending", read_pending);
	/* what is damaged does not keep a host from booting */
	assert_int_equal(store_boot_generation(&w->s, STR("later"), &number, &w->e), 0);
	assert_int_equal(number, 2);
	assert_int_equal(store_pending_remove(&w->s, &w->e), 0);
	assert_int_equal(store_pending_remove(&w->s, &w->e), 0);
}

static void history_grows_and_forgets_a_torn_line(void **state)
{
	struct world *w = *state;
	const struct event one = {.time = 5, .user = STR("ana"), .action = STR("apply"), .outcome = STR("failed: \"x\"\n"), .from = 1, .to = 2};
	struct event *all;
	size_t n;

	assert_int_equal(store_history_read(&w->s, &w->a, &all, &n, &w->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_history_add(&w->s, &one, &w->e), 0);
	_fd_ int fd = open(path_in(w, "history"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "{\"time\":", 8), 8);
	assert_int_equal(store_history_read(&w->s, &w->a, &all, &n, &w->e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_history_add(&w->s, &one, &w->e), 0);
	assert_int_equal(store_history_read(&w->s, &w->a, &all, &n, &w->e), 0);
	assert_int_equal(n, 2);
	assert_true(str_is(all[1].outcome, "failed: \"x\"\n"));
	assert_int_equal(write(fd, "{}\n", 3), 3);
	assert_int_equal(store_history_read(&w->s, &w->a, &all, &n, &w->e), -EBADMSG);
	assert_non_null(strstr(w->e.text, "line 3"));
}

/* The disk refuses the k-th byte, for every k up to where all fits: EFBIG stands for ENOSPC. */
static void a_refused_write_leaves_nothing_half_made(void **state)
{
	struct world *w = *state;
	struct rlimit old;
	uint32_t *all;
	size_t n, refused = 0;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t limit = 0; limit < 4096; limit += 16) {
		struct manifest m = sample(&w->a, "ct-a");
		struct meta meta = {0};
		const struct rlimit narrow = {.rlim_cur = limit, .rlim_max = old.rlim_max};

		setrlimit(RLIMIT_FSIZE, &narrow);
		int r = store_stage(&w->s, &m, &meta, STR("a plan of some length"), NULL, 0, &w->e);
		int j = store_journal_write(&w->s, &(struct journal){0, 1, STR("here"), STR("observed")}, &w->e);
		int h = store_history_add(&w->s, &(struct event){.user = STR("ana"), .action = STR("x"), .outcome = STR("y")}, &w->e);
		setrlimit(RLIMIT_FSIZE, &old);
		if (r == 0) {
			assert_int_equal(j, 0);
			break;
		}
		refused++;
		assert_int_equal(store_list(&w->s, &w->a, &all, &n, &w->e), 0);
		assert_int_equal(n, 1);
		assert_int_equal(access(path_in(w, "generations/.new"), F_OK), -1);
		assert_int_equal(access(path_in(w, "journal"), F_OK), j < 0 ? -1 : 0);
		struct event *events;
		assert_int_equal(store_history_read(&w->s, &w->a, &events, &n, &w->e), 0);
		(void)h;
	}
	signal(SIGXFSZ, SIG_DFL);
	assert_true(refused > 10);
	assert_int_equal(store_list(&w->s, &w->a, &all, &n, &w->e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(read_all(w), 0);
}

/* A child that is killed while it stages, at ever later moments, leaves whole generations or none. */
static void a_killed_writer_leaves_whole_generations(void **state)
{
	struct world *w = *state;
	uint32_t *all;
	size_t n = 0;

	/* at least 40 moments; on a slow machine more, until some were late enough for a whole one */
	for (unsigned us = 0; us < 40 || (n < 2 && us < 1000); us++) {
		pid_t child = fork();

		if (child == 0) {
			for (;;)
				stage(w, "ct-a");
		}
		usleep(500 + us * 700);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		assert_int_equal(store_list(&w->s, &w->a, &all, &n, &w->e), 0);
	}
	assert_true(n > 1);
	for (size_t i = 0; i < n; i++) {
		struct manifest m = {.arena = &w->a};
		struct meta meta;

		assert_int_equal(store_load(&w->s, all[i], &m, &meta, &w->e), 0);
	}
	stage(w, "ct-b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_known_texts),
#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)
		IN_WORLD(a_new_store_has_generation_0_and_nothing_else),
		IN_WORLD(a_host_without_store_is_told_so),
		IN_WORLD(what_was_staged_comes_back),
		IN_WORLD(sums_are_what_sha256sum_reads),
		IN_WORLD(every_damaged_byte_is_found_and_its_file_named),
		IN_WORLD(a_missing_file_is_damage),
		IN_WORLD(the_commit_is_the_link),
		IN_WORLD(a_link_to_nowhere_is_refused),
		IN_WORLD(the_lock_says_who_has_it),
		IN_WORLD(who_only_looks_is_not_in_the_way),
		IN_WORLD(a_restoration_is_waited_for),
		IN_WORLD(who_comes_behind_a_restoration_is_given_way_to),
		IN_WORLD(pruning_keeps_the_newest_the_current_and_its_base),
		IN_WORLD(the_journal_comes_back_or_is_refused),
		IN_WORLD(every_byte_of_a_generation_counts),
		IN_WORLD(every_byte_of_the_journal_counts),
		IN_WORLD(what_waits_to_be_confirmed_comes_back_or_is_refused),
		IN_WORLD(history_grows_and_forgets_a_torn_line),
		IN_WORLD(a_refused_write_leaves_nothing_half_made),
		IN_WORLD(a_killed_writer_leaves_whole_generations),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
