/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * podman as a program, see podman.h. Which names it completes and how (docker.io/postgres:16 is docker.io/library/postgres:16) is podman's business: what does not stand in
 * its answer word for word is asked for singly. */
#include "runtime/podman.h"

#include <jansson.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/clock.h"
#include "runtime/spawn.h"

enum { ASK_MS = 60 * 1000, FETCH_MS = 3600 * 1000, ANSWER_MAX = 64 << 20, FIXED_ARGS = 6, SHORT_ID = 12 };

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}

int podman_version(struct host *h, struct podman_version *ret, struct err *e)
{
	/* `podman version` would open its storage first. */
	const char *const argv[] = {"podman", "--version", NULL};
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .out_max = 4096, .interrupted = h->interrupted};
	_spawned_ struct spawned done = {0};
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return r;
	buf_addc(&done.out, '\0');
	if (done.status != 0 || sscanf(done.out.s, "podman version %d.%d", &ret->major, &ret->minor) != 2)
		return err_set(e, -EIO, "podman does not say its version: %.*s", STR_ARG(spawned_last_line(&done)));
	return 0;
}

/* An image id as podman prints it, with or without "sha256:"; .n 0 where it is none. */
static struct str id_of(struct str text)
{
	struct str id = str_starts(text, STR("sha256:")) ? (struct str){text.s + 7, text.n - 7} : text;

	if (id.n != 64)
		return STR("");
	for (size_t i = 0; i < id.n; i++)
		if (!(id.s[i] >= '0' && id.s[i] <= '9') && !(id.s[i] >= 'a' && id.s[i] <= 'f'))
			return STR("");
	return id;
}

static struct str json_id(const json_t *image)
{
	return id_of(str_of(json_string_value(json_object_get(image, "id"))));
}

/* One slot a name; the value is the slot. */
struct wanted {
	struct map slots;
	struct str *ids;
};

static void wanted_enter(struct wanted *w, struct str name, struct str id)
{
	struct str *slot = map_get(&w->slots, name);

	if (slot)
		*slot = id;
}

static void wanted_enter_all(struct wanted *w, const json_t *names, struct str id)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
		if (json_is_string(name))
			wanted_enter(w, str_of(json_string_value(name)), id);
}

static int match_line(struct arena *a, struct wanted *w, struct str line, struct err *e)
{
	_cleanup_(cleanup_json) json_t *image = json_loadb(line.s, line.n, JSON_REJECT_DUPLICATES, NULL);
	struct str id = json_id(image);

	if (!id.n)
		return err_set(e, -EBADMSG, "podman's answer about an image cannot be understood: %.*s", line.n > 200 ? 200 : (int)line.n, line.s);
	id = str_copy(a, id);
	wanted_enter(w, id, id);
	wanted_enter_all(w, json_object_get(image, "tags"), id);
	wanted_enter_all(w, json_object_get(image, "digests"), id);
	return 0;
}

int podman_match(struct arena *a, struct str answer, const struct strs *names, struct str *ret_ids, struct err *e)
{
	struct wanted w = {.ids = ret_ids};

	for (size_t i = 0; i < names->n; i++)
		map_add(a, &w.slots, names->at[i], &ret_ids[i]);
	while (answer.n) {
		struct str line = str_cut(answer, '\n', &answer);
		int r = line.n ? match_line(a, &w, line, e) : 0;

		if (r < 0)
			return r;
	}
	/* A name that is asked for twice has one slot in the map. */
	for (size_t i = 0; i < names->n; i++)
		ret_ids[i] = *(struct str *)map_get(&w.slots, names->at[i]);
	return 0;
}

/* Asks for count names. Status 125 says that some are not there, and comes with the answer for the others. */
static int ask(struct host *h, struct arena *a, const struct str *names, size_t count, struct spawned *ret, struct err *e)
{
	const char **argv = arena_array(a, count + FIXED_ARGS, sizeof *argv);
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .out_max = ANSWER_MAX, .interrupted = h->interrupted};
	size_t n = 0;

	argv[n++] = "podman";
	argv[n++] = "image";
	argv[n++] = "inspect";
	argv[n++] = "--format={\"id\":{{json .ID}},\"tags\":{{json .RepoTags}},\"digests\":{{json .RepoDigests}}}";
	argv[n++] = "--";
	for (size_t i = 0; i < count; i++)
		argv[n++] = str_copy(a, names[i]).s;
	return spawn_run(&s, ret, e);
}

static int ask_one(struct host *h, struct arena *a, struct str name, struct str *ret_id, struct err *e)
{
	_spawned_ struct spawned done = {0};
	int r = ask(h, a, &name, 1, &done, e);

	if (r < 0)
		return r;
	if (done.status == 0) {
		_cleanup_(cleanup_json) json_t *image = json_loadb(done.out.s, done.out.n, JSON_DISABLE_EOF_CHECK, NULL);

		*ret_id = str_copy(a, json_id(image));
	}
	return 0;
}

/* name or id -> struct str, the id or "" */
struct podman_memo {
	struct arena arena;
	struct map ids;
};

void podman_forget(struct host *h)
{
	if (h->podman)
		arena_free(&h->podman->arena);
	free(h->podman);
	h->podman = NULL;
}

static void remember(struct host *h, struct str name, struct str id)
{
	struct podman_memo *m = h->podman;

	if (!m)
		*(m = h->podman = xrealloc(NULL, sizeof *m)) = (struct podman_memo){0};
	struct str *kept = arena_new(&m->arena, struct str);
	*kept = str_copy(&m->arena, id);
	map_set(&m->arena, &m->ids, str_copy(&m->arena, name), kept);
}

static int ask_all(struct host *h, struct arena *a, const struct strs *names, struct str *ret_ids, struct err *e)
{
	_spawned_ struct spawned done = {0};
	int r = ask(h, a, names->at, names->n, &done, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (done.status != 0 && done.status != 125)
		return err_set(e, -EIO, "podman cannot list its images: %.*s", STR_ARG(spawned_last_line(&done)));
	r = podman_match(a, buf_view(&done.out), names, ret_ids, e);
	for (size_t i = 0; i < names->n && r == 0; i++)
		if (!ret_ids[i].n && !id_of(names->at[i]).n)
			r = ask_one(h, a, names->at[i], &ret_ids[i], e);
	return r;
}

int podman_images(struct host *h, struct arena *a, const struct strs *names, struct str *ret_ids, struct err *e)
{
	struct strs unknown = {arena_array(a, names->n + 1, sizeof *unknown.at), 0};
	struct str *ids = arena_array(a, names->n + 1, sizeof *ids);
	int r;

	for (size_t i = 0; i < names->n; i++)
		if (!h->podman || !map_get(&h->podman->ids, names->at[i]))
			unknown.at[unknown.n++] = names->at[i];
	r = unknown.n ? ask_all(h, a, &unknown, ids, e) : 0;
	for (size_t i = 0; i < unknown.n && r == 0; i++) {
		remember(h, unknown.at[i], ids[i]);
		if (ids[i].n)
			remember(h, ids[i], ids[i]);
	}
	for (size_t i = 0; i < names->n && r == 0; i++)
		ret_ids[i] = str_copy(a, *(struct str *)map_get(&h->podman->ids, names->at[i]));
	return r;
}

int podman_networks_read(struct arena *a, struct str answer, struct podman_networks *ret, struct err *e)
{
	_cleanup_(cleanup_json) json_t *list = json_loadb(answer.s, answer.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *network, *subnet;
	size_t i, k;

	if (!json_is_array(list))
		return err_set(e, -EBADMSG, "podman's answer about its networks cannot be understood");
	json_array_foreach(list, i, network)
		json_array_foreach(json_object_get(network, "subnets"), k, subnet) {
			struct podman_network n = {.name = str_of(json_string_value(json_object_get(network, "name")))};

			if (!cidr_parse(str_of(json_string_value(json_object_get(subnet, "subnet"))), &n.range))
				continue;
			n.name = str_copy(a, n.name);
			vec_push(a, &ret->all, n);
		}
	return 0;
}

int podman_networks(struct host *h, struct arena *a, struct podman_networks *ret, struct err *e)
{
	const char *const argv[] = {"podman", "network", "ls", "--format=json", NULL};
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .out_max = ANSWER_MAX, .interrupted = h->interrupted};
	_spawned_ struct spawned done = {0};
	int r = spawn_run(&s, &done, e);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && done.status != 0)
		return err_set(e, -EIO, "podman cannot list its networks: %.*s", STR_ARG(spawned_last_line(&done)));
	return r < 0 ? r : podman_networks_read(a, buf_view(&done.out), ret, e);
}

/* Of an image that came by a list, podman keeps the list's digest beside that of the one manifest in it that is for this machine; `own` is the latter. */
static struct str digest_choose(struct arena *a, const json_t *image)
{
	struct str own = str_of(json_string_value(json_object_get(image, "digest"))), best = STR("");
	const json_t *names = json_object_get(image, "digests"), *name;
	size_t i;

	json_array_foreach(names, i, name) {
		struct str digest;

		str_cut(str_of(json_string_value(name)), '@', &digest);
		if (!id_of(digest).n || (str_eq(digest, own) && best.n))
			continue;
		if (!best.n || str_eq(best, own) || str_cmp(digest, best) < 0)
			best = digest;
	}
	return str_copy(a, best);
}

int podman_digest(struct host *h, struct arena *a, struct str name, struct str *ret, struct err *e)
{
	const char *const argv[] = {"podman", "image", "inspect", "--format={\"digest\":{{json .Digest}},\"digests\":{{json .RepoDigests}}}", "--", str_copy(a, name).s, NULL};
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .out_max = ANSWER_MAX, .interrupted = h->interrupted};
	_spawned_ struct spawned done = {0};
	int r = spawn_run(&s, &done, e);

	*ret = STR("");
	if (r < 0)
		return r;
	if (done.status == 0) {
		_cleanup_(cleanup_json) json_t *image = json_loadb(done.out.s, done.out.n, JSON_DISABLE_EOF_CHECK, NULL);

		*ret = digest_choose(a, image);
		return ret->n ? 0 : err_set(e, -EBADMSG, "podman does not say which digest %.*s has", STR_ARG(name));
	}
	return done.status == 125 ? 0 : err_set(e, -EIO, "podman cannot look for %.*s: %.*s", STR_ARG(name), STR_ARG(spawned_last_line(&done)));
}

struct podman_fetch podman_fetch_begin(struct host *h, struct str what)
{
	return (struct podman_fetch){.h = h, .what = what, .began_s = clock_ms() / 1000};
}

long long podman_fetch_seconds(const struct podman_fetch *f)
{
	return clock_ms() / 1000 - f->began_s;
}

/* "Copying blob sha256:0123…", and behind it, in some versions, "skipped: already exists" (containers/image, copy). */
void podman_heard(void *context, struct str line)
{
	static const char blob[] = "Copying blob ";
	struct podman_fetch *f = context;
	struct str digest, rest;

	if (!line.n) {
		host_progress(f->h, "still at %.*s (%lld s)", STR_ARG(f->what), podman_fetch_seconds(f));
		return;
	}
	if (!str_starts(line, str_of(blob)))
		return;
	digest = str_cut((struct str){line.s + sizeof blob - 1, line.n - (sizeof blob - 1)}, ' ', &rest);
	if (str_starts(rest, STR("done")))
		return;
	digest = str_starts(digest, STR("sha256:")) ? (struct str){digest.s + 7, digest.n - 7} : digest;
	digest.n = digest.n < SHORT_ID ? digest.n : SHORT_ID;
	host_progress(f->h, "layer %zu of %.*s: %.*s%s", ++f->layers, STR_ARG(f->what), STR_ARG(digest), str_starts(rest, STR("skipped")) ? ", here already" : "");
}

int podman_pull(struct podman_fetch *f, struct arena *a, struct err *e)
{
	const char *const argv[] = {"podman", "pull", "--", str_copy(a, f->what).s, NULL};
	const struct spawn s = {.argv = argv, .within_ms = FETCH_MS, .out_max = 1 << 20, .interrupted = f->h->interrupted, .host = f->h, .heard = podman_heard, .context = f};
	_spawned_ struct spawned done = {0};
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return err_context(e, "cannot fetch the image %.*s", STR_ARG(f->what));
	if (done.status != 0)
		return err_set(e, -EIO, "cannot fetch the image %.*s: %.*s", STR_ARG(f->what), STR_ARG(spawned_last_line(&done)));
	return 0;
}

int image_remove(struct host *h, struct str id, struct err *e)
{
	_arena_ struct arena a = {0};
	const char *const argv[] = {"podman", "image", "rm", "--", str_copy(&a, id).s, NULL};
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .interrupted = h->interrupted};
	_spawned_ struct spawned done = {0};
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return r;
	/* podman-rmi(1): 1 says that there is none */
	return done.status <= 1 ? 0 : err_set(e, -EBUSY, "podman keeps the image %.12s: %.*s", argv[4], STR_ARG(spawned_last_line(&done)));
}
