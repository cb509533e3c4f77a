/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Writing and reading plans, see saved_plan.h. The file:
 *
 *	{"ctstack-saved-plan":1,"manifest":1,"host":"…","directory":"/root","files":["lab.ctstack"],"set":[],"vars":[],"include":[],"prune":false,"base":3,"base-digest":"…",
 *	 "sources":[{"path":"lab.ctstack","digest":"…"}],"wanted":"…","plan":"…"}
 *	# HMAC-SHA-256 of what stands above
 *
 * `host` tells the machine, without its id: it is there for a better message, not for protection. */
#include "runtime/saved_plan.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "lang/base/json.h"
#include "runtime/digest.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/store_impl.h"

enum { SAVED_VERSION = 1, SAVED_MAX = 256 << 20, MACHINE_ID_MAX = 256, SEAL = 2 + DIGEST_TEXT + 1 };

static void host_digest(struct host *h, char out[DIGEST_TEXT + 1])
{
	_arena_ struct arena a = {0};
	struct str id = STR("");
	struct err ignored;

	if (fact_read(h, STR("etc/machine-id"), MACHINE_ID_MAX, &a, &id, &ignored) < 0)
		id = STR("");
	digest_hex(str_fmt(&a, "ctstack saved plan %.*s", STR_ARG(str_cut(id, '\n', NULL))), out);
}

static void put_list(struct buf *out, const char *key, const struct strs *list)
{
	buf_fmt(out, ",\"%s\":[", key);
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? "," : "");
		json_str(out, list->at[i]);
	}
	buf_addc(out, ']');
}

static void encode(struct host *h, const struct saved_plan *p, struct buf *out)
{
	char machine[DIGEST_TEXT + 1];

	host_digest(h, machine);
	buf_fmt(out, "{\"ctstack-saved-plan\":%d,\"manifest\":%d,\"host\":\"%s\"", SAVED_VERSION, MANIFEST_VERSION, machine);
	store_put_str(out, "directory", p->directory);
	put_list(out, "files", &p->files);
	put_list(out, "set", &p->set);
	put_list(out, "vars", &p->vars);
	put_list(out, "include", &p->include);
	buf_fmt(out, ",\"prune\":%s,\"base\":%u", p->prune ? "true" : "false", p->base);
	store_put_str(out, "base-digest", p->base_digest);
	buf_puts(out, ",\n\"sources\":[");
	for (size_t i = 0; i < p->nsources; i++) {
		buf_puts(out, i ? ",{\"path\":" : "{\"path\":");
		json_str(out, p->sources[i].path);
		store_put_str(out, "digest", p->sources[i].digest);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
	store_put_str(out, "wanted", p->wanted);
	store_put_str(out, "plan", p->plan);
	buf_puts(out, "}\n");
}

/* The directory of a path, and the name in it. */
static int open_parent(const char *path, const char **ret_name, struct err *e)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = slash ? snprintf(dir, sizeof dir, "%.*s/", (int)(slash - path), path) : snprintf(dir, sizeof dir, ".");

	if (n < 0 || (size_t)n >= sizeof dir)
		return err_errno(e, -ENAMETOOLONG, "%s", path);
	*ret_name = slash ? slash + 1 : path;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, -errno, "cannot open the directory of %s", path) : fd;
}

int saved_plan_write(struct host *h, const char *path, const struct saved_plan *p, struct err *e)
{
	char mac[DIGEST_TEXT + 1];
	_buf_ struct buf text = {0};
	const char *name;
	_fd_ int dir = open_parent(path, &name, e);

	if (dir < 0)
		return dir;
	encode(h, p, &text);
	int r = fact_keyed_digest(h, buf_view(&text), mac, e);
	if (r < 0)
		return r;
	buf_fmt(&text, "# %s\n", mac);
	return fs_replace(dir, str_of(name), buf_view(&text), 0600, e);
}

static bool get_list(const json_t *root, const char *key, struct arena *a, struct strs *ret)
{
	const json_t *list = json_object_get(root, key), *one;
	size_t i;

	if (!json_is_array(list))
		return false;
	*ret = (struct strs){arena_array(a, json_array_size(list) + 1, sizeof *ret->at), json_array_size(list)};
	json_array_foreach(list, i, one) {
		if (!json_is_string(one))
			return false;
		ret->at[i] = str_copy(a, (struct str){json_string_value(one), json_string_length(one)});
	}
	return true;
}

static bool get_sources(const json_t *root, struct arena *a, struct saved_plan *ret)
{
	const json_t *list = json_object_get(root, "sources"), *one;
	size_t i;

	if (!json_is_array(list))
		return false;
	ret->nsources = json_array_size(list);
	ret->sources = arena_array(a, ret->nsources + 1, sizeof *ret->sources);
	json_array_foreach(list, i, one)
		if (!store_get_str(one, "path", a, &ret->sources[i].path) || !store_get_str(one, "digest", a, &ret->sources[i].digest))
			return false;
	return true;
}

static bool decode(const json_t *root, struct arena *a, struct saved_plan *ret)
{
	ret->prune = json_is_true(json_object_get(root, "prune"));
	return store_get_str(root, "directory", a, &ret->directory) && get_list(root, "files", a, &ret->files) && get_list(root, "set", a, &ret->set) &&
	       get_list(root, "vars", a, &ret->vars) && get_list(root, "include", a, &ret->include) && store_get_u32(root, "base", &ret->base) && store_get_str(root, "base-digest", a, &ret->base_digest) &&
	       get_sources(root, a, ret) && store_get_str(root, "wanted", a, &ret->wanted) && store_get_str(root, "plan", a, &ret->plan);
}

/* Whether the last line is what only this host can have written. */
static int authenticate(struct host *h, struct str text, struct str body, bool *ret, struct err *e)
{
	char mac[DIGEST_TEXT + 1];
	unsigned differs = 0;
	int r = fact_keyed_digest(h, body, mac, e);

	if (r < 0)
		return r;
	const char *said = text.s + body.n;
	for (size_t i = 0; i < DIGEST_TEXT; i++)
		differs |= (unsigned)(said[2 + i] ^ mac[i]);
	*ret = !differs && said[0] == '#' && said[1] == ' ' && said[SEAL - 1] == '\n';
	return 0;
}

static int refuse(struct host *h, const json_t *root, const char *path, struct arena *a, struct err *e)
{
	char machine[DIGEST_TEXT + 1];
	struct str host;

	host_digest(h, machine);
	if (root && store_get_str(root, "host", a, &host) && !str_is(host, machine))
		return err_set(e, -EBADMSG, "%s was made on another host: make a plan on this one", path);
	return err_set(e, -EBADMSG, "%s is not as this host wrote it: it was damaged or changed, or is no plan of `ctc plan -o`; make a new one", path);
}

int saved_plan_read(struct host *h, const char *path, struct arena *a, struct saved_plan *ret, struct err *e)
{
	uint32_t version = 0, manifest = 0;
	const char *name;
	struct saved_plan p = {0};
	struct str text;
	bool ours = false;
	_fd_ int dir = open_parent(path, &name, e);
	int r = dir < 0 ? dir : fs_read(dir, str_of(name), SAVED_MAX, a, &text, e);

	if (r < 0)
		return r;
	struct str body = {text.s, text.n > SEAL ? text.n - SEAL : 0};
	if (body.n && (r = authenticate(h, text, body, &ours, e)) < 0)
		return r;
	_json_ json_t *root = json_loadb(body.s, body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!ours)
		return refuse(h, root, path, a, e);
	if (!store_get_u32(root, "ctstack-saved-plan", &version) || version != SAVED_VERSION || !store_get_u32(root, "manifest", &manifest) || manifest != MANIFEST_VERSION)
		return err_set(e, -ESTALE, "the plan is stale: another version of ctc made it");
	if (!decode(root, a, &p))
		return refuse(h, NULL, path, a, e);
	*ret = p;
	return 0;
}

struct str saved_plan_sources(struct arena *a, const struct saved_plan *p, const struct saved_source *now, size_t n)
{
	_buf_ struct buf out = {0};

	for (size_t i = 0; i < p->nsources || i < n; i++) {
		const struct saved_source *then = i < p->nsources ? &p->sources[i] : NULL, *is = i < n ? &now[i] : NULL;

		if (then && is && str_eq(then->path, is->path) && str_eq(then->digest, is->digest))
			continue;
		bool changed = then && is && str_eq(then->path, is->path);
		buf_fmt(&out, "%.*s %s", STR_ARG(then ? then->path : is->path), changed ? "has changed" : then ? "is not used any more" : "is used now");
		break; /* what stands behind it may only have moved */
	}
	return buf_take(&out, a);
}
