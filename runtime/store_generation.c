/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Generations on disk: written once under another name and renamed into place, read with their digests checked, removed whole. meta.json:
 *
 *	{"ctstack-generation":1,"number":3,"base":2,"time":1700000000,"user":"ana","command":"ctc apply ml.ctstack","summary":"1 new","digest":"…",
 *	 "sources":["ml.ctstack"]}
 *
 * The text of sources[k] is source/000k. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lang/base/json.h"
#include "runtime/digest.h"
#include "runtime/fs.h"
#include "runtime/store_impl.h"

enum { GENERATION_VERSION = 1, SUMS_MAX = 1 << 20 };

/* A generation that is being written, or removed: never seen under these names by anyone but the holder of the lock. */
#define BEING_MADE GENERATIONS "/.new"
#define BEING_REMOVED GENERATIONS "/.old"
#define SUMS "SHA256SUMS"

const char *generation_path(uint32_t number, char out[GENERATION_PATH_MAX])
{
	snprintf(out, GENERATION_PATH_MAX, GENERATIONS "/%04u", number);
	return out;
}

bool generation_number(struct str name, uint32_t *ret)
{
	uint64_t number = 0;

	if (name.n < 4 || name.n > 10 || (name.n > 4 && name.s[0] == '0'))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.s[i] < '0' || name.s[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(name.s[i] - '0');
	}
	if (number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* A directory of files and directories of files, which is all that a generation is. */
static int remove_tree(int dir_fd, const char *path, int depth, struct err *e)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot remove %s", path);
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_errno(e, -ENOMEM, "cannot remove %s", path);
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0)
			r = errno == EISDIR && depth > 0 ? remove_tree(fd, entry->d_name, depth - 1, e) :
							   err_errno(e, -errno, "cannot remove %s/%s", path, entry->d_name);
	}
	closedir(dir);
	if (r == 0 && unlinkat(dir_fd, path, AT_REMOVEDIR) < 0)
		r = err_errno(e, -errno, "cannot remove %s", path);
	return r;
}

/* One file of the generation that is being made, and its line in SHA256SUMS. */
static int put_file(struct store *s, const char *name, struct str text, struct buf *sums, struct err *e)
{
	char digest[DIGEST_TEXT + 1], path[128];

	snprintf(path, sizeof path, BEING_MADE "/%s", name);
	digest_hex(text, digest);
	buf_fmt(sums, "%s  %s\n", digest, name);
	return fs_replace(s->state_fd, str_of(path), text, 0600, e);
}

static void meta_encode(const struct meta *meta, const struct source_file *sources, size_t nsources, struct buf *out)
{
	buf_fmt(out, "{\"ctstack-generation\":%d,\"number\":%u,\"base\":%u,\"time\":%lld", GENERATION_VERSION, meta->number, meta->base,
		(long long)meta->time);
	store_put_str(out, "user", meta->user);
	store_put_str(out, "command", meta->command);
	store_put_str(out, "summary", meta->summary);
	store_put_str(out, "digest", meta->digest);
	buf_puts(out, ",\"sources\":[");
	for (size_t i = 0; i < nsources; i++) {
		if (i)
			buf_addc(out, ',');
		json_str(out, sources[i].path);
	}
	buf_puts(out, "]}\n");
}

static int make_dir(struct store *s, const char *path, struct err *e)
{
	return mkdirat(s->state_fd, path, 0700) < 0 ? err_errno(e, -errno, "cannot make /" STATE_DIR "/%s", path) : 0;
}

static int write_files(struct store *s, const struct manifest *m, struct meta *meta, struct str plan_text, const struct source_file *sources,
		       size_t nsources, struct err *e)
{
	char digest[DIGEST_TEXT + 1], name[32];
	_buf_ struct buf manifest = {0}, info = {0}, sums = {0};

	manifest_encode(m, &manifest);
	digest_hex(buf_view(&manifest), digest);
	meta->digest = str_copy(m->arena, str_of(digest));
	meta_encode(meta, sources, nsources, &info);
	int r = remove_tree(s->state_fd, BEING_MADE, 1, e); /* what a killed process left */
	if (r < 0 || (r = make_dir(s, BEING_MADE, e)) < 0 || (r = make_dir(s, BEING_MADE "/source", e)) < 0)
		return r;
	if ((r = put_file(s, "manifest.json", buf_view(&manifest), &sums, e)) < 0 || (r = put_file(s, "plan.txt", plan_text, &sums, e)) < 0 ||
	    (r = put_file(s, "meta.json", buf_view(&info), &sums, e)) < 0)
		return r;
	for (size_t i = 0; i < nsources && r == 0; i++) {
		snprintf(name, sizeof name, "source/%04zu", i);
		r = put_file(s, name, sources[i].text, &sums, e);
	}
	if (r < 0)
		return r;
	digest_hex(buf_view(&sums), digest);
	buf_fmt(&sums, "# %s is the digest of the lines above\n", digest);
	return fs_replace(s->state_fd, STR(BEING_MADE "/" SUMS), buf_view(&sums), 0600, e);
}

static int publish(struct store *s, uint32_t number, struct err *e)
{
	char path[GENERATION_PATH_MAX];

	int r = store_sync(s->state_fd, BEING_MADE "/source", e);
	if (r == 0)
		r = store_sync(s->state_fd, BEING_MADE, e);
	if (r < 0)
		return r;
	if (renameat2(s->state_fd, BEING_MADE, s->state_fd, generation_path(number, path), RENAME_NOREPLACE) < 0)
		return err_errno(e, -errno, "cannot make /" STATE_DIR "/%s", path);
	return store_sync(s->state_fd, GENERATIONS, e);
}

static int stage(struct store *s, const struct manifest *m, struct meta *meta, struct str plan_text, const struct source_file *sources, size_t nsources,
		 struct err *e)
{
	struct err ignored;
	int r = write_files(s, m, meta, plan_text, sources, nsources, e);

	if (r == 0)
		r = publish(s, meta->number, e);
	if (r < 0) {
		remove_tree(s->state_fd, BEING_MADE, 1, &ignored);
		return err_context(e, "cannot write generation %u", meta->number);
	}
	return 0;
}

int store_stage(struct store *s, const struct manifest *m, struct meta *meta, struct str plan_text, const struct source_file *sources, size_t nsources,
		struct err *e)
{
	uint32_t *all;
	size_t n;

	assert(s->lock_fd >= 0);
	int r = store_list(s, m->arena, &all, &n, e);
	if (r < 0)
		return r;
	if (n && all[n - 1] == UINT32_MAX)
		return err_set(e, -EOVERFLOW, "there is no number left for a new generation");
	meta->number = n ? all[n - 1] + 1 : 1;
	return stage(s, m, meta, plan_text, sources, nsources, e);
}

int generation_zero(struct store *s, struct err *e)
{
	char path[GENERATION_PATH_MAX];
	struct stat st;
	_arena_ struct arena a = {0};
	struct manifest empty = {.arena = &a};
	struct meta meta = {.summary = STR("nothing")};

	int r = fs_stat(s->state_fd, str_of(generation_path(0, path)), &st, e);
	if (r == -ENOENT) {
		manifest_seal(&empty);
		r = stage(s, &empty, &meta, STR(""), NULL, 0, e);
	}
	if (r == 0 && fstatat(s->state_fd, "current", &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		r = store_commit(s, 0, e);
	return r;
}

static int damaged(uint32_t number, const char *name, const char *why, struct err *e)
{
	return err_set(e, -EBADMSG, "generation %u is damaged: /" STATE_DIR "/" GENERATIONS "/%04u/%s %s", number, number, name, why);
}

static int read_file(struct store *s, uint32_t number, const char *name, size_t max, struct arena *a, struct str *ret, struct err *e)
{
	char path[GENERATION_PATH_MAX + 128], dir[GENERATION_PATH_MAX];
	struct stat st;

	generation_path(number, dir);
	snprintf(path, sizeof path, "%s/%.100s", dir, name);
	int r = s->state_fd < 0 ? -ENOENT : fs_read(s->state_fd, str_of(path), max, a, ret, e);
	if (r != -ENOENT)
		return r;
	if (s->state_fd < 0 || fs_stat(s->state_fd, str_of(dir), &st, e) == -ENOENT)
		return err_set(e, -ENOENT, "there is no generation %u", number);
	return damaged(number, name, "is missing", e);
}

/* The lines of SHA256SUMS, checked by its last one. */
static int read_sums(struct store *s, uint32_t number, struct arena *a, struct str *ret, struct err *e)
{
	char digest[DIGEST_TEXT + 1];
	struct str text;

	int r = read_file(s, number, SUMS, SUMS_MAX, a, &text, e);
	if (r < 0)
		return r;
	const char *last = text.n ? memrchr(text.s, '#', text.n) : NULL;
	struct str lines = {text.s, last ? (size_t)(last - text.s) : 0};
	struct str check = {text.s + lines.n, text.n - lines.n}, wanted;
	digest_hex(lines, digest);
	wanted = str_fmt(a, "# %s is the digest of the lines above\n", digest);
	if (!str_eq(check, wanted))
		return damaged(number, SUMS, "is not as it was written", e);
	*ret = lines;
	return 0;
}

static int check_sum(struct str sums, uint32_t number, const char *name, struct str text, struct err *e)
{
	char digest[DIGEST_TEXT + 1];

	digest_hex(text, digest);
	for (struct str rest = sums; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest);

		if (line.n > DIGEST_TEXT + 2 && str_is((struct str){line.s + DIGEST_TEXT + 2, line.n - DIGEST_TEXT - 2}, name))
			return memcmp(line.s, digest, DIGEST_TEXT) == 0 ? 0 : damaged(number, name, "is not as it was written", e);
	}
	return err_set(e, -ENOENT, "generation %u has no file %s", number, name);
}

static int read_checked(struct store *s, struct str sums, uint32_t number, const char *name, struct arena *a, struct str *ret, struct err *e)
{
	int r = read_file(s, number, name, STORE_TEXT_MAX, a, ret, e);

	return r < 0 ? r : check_sum(sums, number, name, *ret, e);
}

int store_read(struct store *s, uint32_t number, const char *name, struct arena *a, struct str *ret, struct err *e)
{
	struct str sums;
	int r = read_sums(s, number, a, &sums, e);

	return r < 0 ? r : read_checked(s, sums, number, name, a, ret, e);
}

static int read_meta(struct store *s, struct str sums, uint32_t number, struct arena *a, struct meta *ret, json_t **ret_json, struct err *e)
{
	struct str text;
	uint32_t version;

	int r = read_checked(s, sums, number, "meta.json", a, &text, e);
	if (r < 0)
		return r;
	_json_ json_t *root = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!root || !store_get_u32(root, "ctstack-generation", &version))
		return damaged(number, "meta.json", "is no JSON object of ours", e);
	if (version != GENERATION_VERSION)
		return err_set(e, -EPROTO, "generation %u has version %u; this ctc reads version %d", number, version, GENERATION_VERSION);
	if (!store_get_u32(root, "number", &ret->number) || ret->number != number || !store_get_u32(root, "base", &ret->base) ||
	    !store_get_time(root, "time", &ret->time) || !store_get_str(root, "user", a, &ret->user) ||
	    !store_get_str(root, "command", a, &ret->command) || !store_get_str(root, "summary", a, &ret->summary) ||
	    !store_get_str(root, "digest", a, &ret->digest))
		return damaged(number, "meta.json", "lacks a member", e);
	if (ret_json)
		*ret_json = json_incref(root);
	return 0;
}

int store_load(struct store *s, uint32_t number, struct manifest *m, struct meta *ret_meta, struct err *e)
{
	struct str sums, text;
	struct meta meta = {0};

	int r = read_sums(s, number, m->arena, &sums, e);
	if (r == -ENOENT && number == 0) { /* nothing was ever written here */
		manifest_seal(m);
		if (ret_meta)
			*ret_meta = meta;
		return 0;
	}
	if (r == 0 && ret_meta)
		r = read_meta(s, sums, number, m->arena, &meta, NULL, e);
	if (r == 0)
		r = read_checked(s, sums, number, "manifest.json", m->arena, &text, e);
	if (r == 0 && (r = manifest_decode(text, m, e)) < 0)
		err_context(e, "generation %u, manifest.json", number);
	if (r == 0 && ret_meta)
		*ret_meta = meta;
	return r;
}

int store_sources(struct store *s, uint32_t number, struct arena *a, struct source_file **ret, size_t *ret_n, struct err *e)
{
	struct meta meta;
	struct str sums;
	char name[32];
	_json_ json_t *root = NULL;

	int r = read_sums(s, number, a, &sums, e);
	if (r == 0)
		r = read_meta(s, sums, number, a, &meta, &root, e);
	if (r < 0)
		return r;
	const json_t *paths = json_object_get(root, "sources");
	size_t n = json_array_size(paths);
	struct source_file *all = arena_array(a, n, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		const json_t *path = json_array_get(paths, i);

		if (!json_is_string(path))
			return damaged(number, "meta.json", "has a source without a name", e);
		all[i].path = str_copy(a, (struct str){json_string_value(path), json_string_length(path)});
		snprintf(name, sizeof name, "source/%04zu", i);
		r = read_checked(s, sums, number, name, a, &all[i].text, e);
		if (r < 0)
			return r;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}

static int cmp_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int store_list(struct store *s, struct arena *a, uint32_t **ret, size_t *ret_n, struct err *e)
{
	VEC(uint32_t) all = {0};
	int fd = openat(s->state_fd, GENERATIONS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		if (s->state_fd < 0 || code == -ENOENT) { /* nothing was ever made here */
			*ret = NULL;
			*ret_n = 0;
			return 0;
		}
		return err_errno(e, code, "cannot list the generations in /" STATE_DIR "/" GENERATIONS);
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		uint32_t number;

		if (generation_number(str_of(entry->d_name), &number))
			vec_push(a, &all, number);
	}
	closedir(dir);
	if (all.n)
		qsort(all.at, all.n, sizeof *all.at, cmp_numbers);
	*ret = all.at;
	*ret_n = all.n;
	return 0;
}

int store_drop(struct store *s, uint32_t number, struct err *e)
{
	char path[GENERATION_PATH_MAX];
	uint32_t current;

	assert(s->lock_fd >= 0);
	int r = store_current(s, &current, e);
	if (r < 0)
		return r;
	if (number == 0 || number == current)
		return err_set(e, -EBUSY, "generation %u is %s and stays", number, number ? "the current one" : "the empty one");
	r = remove_tree(s->state_fd, BEING_REMOVED, 1, e);
	if (r < 0)
		return r;
	if (renameat(s->state_fd, generation_path(number, path), s->state_fd, BEING_REMOVED) < 0)
		return err_errno(e, -errno, "cannot remove generation %u", number);
	r = store_sync(s->state_fd, GENERATIONS, e);
	return r < 0 ? r : remove_tree(s->state_fd, BEING_REMOVED, 1, e);
}

int store_sweep(struct store *s, struct err *e)
{
	assert(s->lock_fd >= 0);
	int r = 0;
	if (s->state_fd >= 0) {
		r = remove_tree(s->state_fd, BEING_MADE, 1, e);
		if (r == 0)
			r = remove_tree(s->state_fd, BEING_REMOVED, 1, e);
		if (r == 0)
			r = fs_sweep(s->state_fd, 0, e);
	}
	return r < 0 ? r : fs_sweep(s->run_fd, 1, e);
}

int store_prune(struct store *s, size_t keep, struct err *e)
{
	_arena_ struct arena a = {0};
	struct manifest m = {.arena = &a};
	struct meta meta;
	uint32_t current, *all;
	size_t n;

	int r = store_current(s, &current, e);
	if (r == 0)
		r = store_list(s, &a, &all, &n, e);
	if (r == 0)
		r = store_load(s, current, &m, &meta, e);
	for (size_t i = 0; r == 0 && i + keep < n; i++)
		if (all[i] != 0 && all[i] != current && all[i] != meta.base)
			r = store_drop(s, all[i], e);
	return r;
}
