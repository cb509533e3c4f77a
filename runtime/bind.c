/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Binding a compiled manifest to this host, see bind.h: digests of images, words of GPUs, name servers, what tells contents of secrets apart, old values of kernel switches. What is bound already (stacks that the command leaves
 * alone come out of the committed generation) is left as it is. Only reads; the checks are in bind_check.c. */
#include "runtime/bind.h"

#include <errno.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "lang/base/sort.h"
#include "runtime/digest.h"
#include "runtime/facts.h"
#include "runtime/image.h"

struct binding {
	struct host *h;
	struct arena *arena;		/* the bound manifest's */
	const struct manifest *compiled, *current;
	struct map images;		/* reference -> struct str, its id; .n 0 where it is not on the host */
	struct map gpus;		/* late-bound word -> struct strs */
	struct map stamps;		/* path of a secret -> struct str */
	struct map units;		/* name -> struct res_unit, bound */
	struct str dns;			/* what the host's resolv.conf says to containers; "" until it was asked for */
	struct err *e, refused;		/* refused: secrets, all that are wrong */
};

/* The id that the committed generation runs a reference with, or "". */
static struct str current_digest(const struct binding *b, struct str reference)
{
	const struct res_image *i = b->current ? (const struct res_image *)manifest_find(b->current, RES_image, reference) : NULL;

	return i ? i->digest : STR("");
}

static int images_bind(struct binding *b)
{
	size_t n = b->compiled->first[RES_image + 1] - b->compiled->first[RES_image], at = 0;
	struct res_image **images = arena_array(b->arena, n + 1, sizeof(struct res_image *)), *i;
	struct str *known = arena_array(b->arena, n + 1, sizeof *known), *ids = arena_array(b->arena, n + 1, sizeof *ids);
	int r;

	manifest_each(image, i, b->compiled) {
		known[at] = i->digest.n ? i->digest : current_digest(b, i->res.id);
		images[at++] = i;
	}
	r = images_find(b->h, b->arena, images, known, n, ids, b->e);
	for (at = 0; at < n && r == 0; at++)
		map_add(b->arena, &b->images, images[at]->res.id, &ids[at]);
	return r;
}

static struct str image_id(const struct binding *b, struct str reference)
{
	const struct str *id = map_get(&b->images, reference);

	return id ? *id : STR("");
}

static struct res *image_bound(struct binding *b, const struct res_image *i)
{
	struct res_image *copy = (struct res_image *)res_copy(b->arena, &i->res);

	copy->digest = image_id(b, i->res.id);
	return &copy->res;
}

static int sysctl_bound(struct binding *b, const struct res_sysctl *s, struct res **ret)
{
	const struct res_sysctl *before = b->current ? (const struct res_sysctl *)manifest_find(b->current, RES_sysctl, s->res.id) : NULL;
	struct res_sysctl *copy = (struct res_sysctl *)res_copy(b->arena, &s->res);

	*ret = &copy->res;
	if (before && before->prior.n) {
		copy->prior = str_copy(b->arena, before->prior);
		return 0;
	}
	return copy->prior.n ? 0 : fact_sysctl(b->h, s->res.id, b->arena, &copy->prior, b->e);
}

/* What a word of GPUs becomes: "gpu:nvidia=0" for podman, "gpu-tree:…" for systemd-nspawn, "gpu-allow:…" in its unit. Asked once a word. */
static int gpu_words(struct binding *b, struct str word, const struct strs **ret)
{
	struct str wanted, how = str_cut(word, ':', &wanted);
	struct strs *words = map_get(&b->gpus, word), other;

	if (!words) {
		bool allow = str_is(how, "gpu-allow");
		int r;

		words = arena_new(b->arena, struct strs);
		r = str_is(how, "gpu") ? fact_gpu(b->h, wanted, b->arena, words, b->e) :
					 fact_gpu_tree(b->h, wanted, b->arena, allow ? &other : words, allow ? words : &other, b->e);
		if (r < 0)
			return r;
		map_add(b->arena, &b->gpus, word, words);
	}
	*ret = words;
	return 0;
}

/* Words of a command go on with the next line, lines of the unit stand alone. */
static int gpu_bind(struct binding *b, struct str word, struct str end, struct buf *out)
{
	bool lines = str_starts(word, STR("gpu-allow:"));
	const struct strs *words;
	int r = gpu_words(b, word, &words);

	for (size_t i = 0; r == 0 && i < words->n; i++)
		buf_fmt(out, "%s%.*s%s\n", lines ? "" : "\t", STR_ARG(words->at[i]), lines ? "" : i + 1 < words->n ? " \\" : end.s);
	return r;
}

/* What tells one content of a secret's file from another, asked once a file. */
static int secret_stamp(struct binding *b, struct str path, bool sealed, struct str *ret)
{
	struct str *stamp = map_get(&b->stamps, path);

	if (!stamp) {
		int r;

		stamp = arena_new(b->arena, struct str);
		r = fact_secret(b->h, path, sealed, b->arena, stamp, b->e);
		if (r < 0)
			return r;
		map_add(b->arena, &b->stamps, path, stamp);
	}
	*ret = *stamp;
	return 0;
}

#define SEALED "sealed "

/* "dev.password=/path" or "dev.password=sealed /path" -> "dev.password=content 0123456789abcdef". A secret that is wrong stays as it is, and is said with all others. */
static void container_bound(struct binding *b, const struct res_container *c, struct res **ret)
{
	struct res_container *copy = (struct res_container *)res_copy(b->arena, &c->res);
	struct str *texts = arena_array(b->arena, c->secrets.n, sizeof *texts);

	for (size_t i = 0; i < c->secrets.n; i++) {
		struct str path, name = str_cut(c->secrets.at[i], '=', &path), stamp;

		bool sealed = str_starts(path, STR(SEALED));

		texts[i] = c->secrets.at[i];
		path = sealed ? (struct str){path.s + sizeof SEALED - 1, path.n - (sizeof SEALED - 1)} : path;
		if (!str_starts(path, STR("/")))
			continue;
		int r = secret_stamp(b, path, sealed, &stamp);
		if (r < 0) {
			err_context(b->e, "secret %.*s of %.*s", STR_ARG(name), STR_ARG(c->res.id));
			err_resource(b->e, c->res.id);
			err_also(&b->refused, b->e);
			continue;
		}
		texts[i] = str_fmt(b->arena, "%.*s=content %.*s", STR_ARG(name), STR_ARG(stamp));
	}
	copy->secrets = (struct strs){texts, c->secrets.n};
	*ret = &copy->res;
}

/* The unit as far as it is bound; NULL where there is none. */
static const struct res_unit *unit_there(const struct binding *b, struct str name)
{
	const struct res_unit *u = map_get(&b->units, name);

	return u ? u : (const struct res_unit *)manifest_find(b->compiled, RES_unit, name);
}

/* "\t@image:REF@ \" or, at the end of the command, "\t@image:REF@": the word between the signs; "" for every other line. */
static struct str late_word(struct str line, struct str *ret_end)
{
	struct str word = line, end = STR("");

	if (!str_starts(word, STR("\t@")))
		return STR("");
	word = (struct str){word.s + 2, word.n - 2};
	if (word.n >= 3 && memcmp(word.s + word.n - 3, "@ \\", 3) == 0)
		end = STR(" \\");
	else if (!word.n || word.s[word.n - 1] != '@')
		return STR("");
	word.n -= 1 + end.n;
	*ret_end = end;
	return word;
}

enum { TEXT_STAMP = 16 };

/* What tells one text of a unit that is required from another. Not as long as that one waits for an image itself. */
static bool requires_bind(const struct binding *b, struct str unit, struct buf *out)
{
	const struct res_unit *u = unit_there(b, unit);
	char digest[DIGEST_TEXT + 1];

	if (!u || u->binds.n)
		return false;
	digest_hex(u->text, digest);
	buf_fmt(out, "Requires=%.*s %.*s\n", STR_ARG(unit), TEXT_STAMP, digest);
	return true;
}

/* A line of the text. Sets *ret_left where its word stays unbound. */
static int line_bind(struct binding *b, struct str line, struct buf *out, struct str *ret_left)
{
	struct str end = STR(""), what, word = late_word(line, &end);
	int r;

	*ret_left = STR("");
	if (word.n && str_is(str_cut(word, ':', &what), "image") && image_id(b, what).n) {
		buf_fmt(out, "\t%.*s%.*s\n", STR_ARG(image_id(b, what)), STR_ARG(end));
		return 0;
	}
	if (str_starts(word, STR("tree:")) && image_id(b, (struct str){word.s + 5, word.n - 5}).n) {
		buf_fmt(out, "\t--directory=/" OS_DIR "/%.*s%.*s\n", STR_ARG(image_id(b, (struct str){word.s + 5, word.n - 5})), STR_ARG(end));
		return 0;
	}
	if (str_starts(word, STR("gpu")))
		return gpu_bind(b, word, end, out);
	if (word.n && (str_is(str_cut(word, ':', &what), "secret") || str_is(str_cut(word, ':', NULL), "sealed"))) {
		struct str path, name = str_cut(what, ':', &path), stamp;

		r = secret_stamp(b, path, str_starts(word, STR("sealed")), &stamp);
		if (r == 0)
			buf_fmt(out, "Secret=%.*s %.*s\n", STR_ARG(name), STR_ARG(stamp));
		return r;
	}
	if (word.n && str_is(str_cut(word, ':', &what), "requires") && requires_bind(b, what, out))
		return 0;
	buf_str(out, line);
	buf_addc(out, '\n');
	*ret_left = word;
	return 0;
}

static int unit_bound(struct binding *b, const struct res_unit *u, struct res **ret)
{
	struct res_unit *copy = (struct res_unit *)res_copy(b->arena, &u->res);
	_buf_ struct buf text = {0};
	VEC(struct str) left = {0};

	for (struct str rest = u->text; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest), unbound;
		int r = line_bind(b, line, &text, &unbound);

		if (r < 0) {
			err_context(b->e, "%.*s", STR_ARG(u->res.owner.n ? u->res.owner : u->res.id));
			return err_resource(b->e, u->res.id);
		}
		if (unbound.n)
			vec_push(b->arena, &left, str_copy(b->arena, unbound));
	}
	sort_strs(left.at, left.n);
	copy->text = buf_take(&text, b->arena);
	copy->binds = (struct strs){left.at, left.n};
	*ret = &copy->res;
	return 0;
}

/* One that a unit requires and that is still to be bound, or NULL. */
static const struct res_unit *required_unbound(const struct binding *b, const struct res_unit *u)
{
	for (size_t i = 0; i < u->binds.n; i++) {
		struct str name, what = str_cut(u->binds.at[i], ':', &name);
		const struct res_unit *other = str_is(what, "requires") ? unit_there(b, name) : NULL;

		if (other && other->binds.n && !map_get(&b->units, name))
			return other;
	}
	return NULL;
}

/* A unit after those that it requires. In a manifest that ctc made nothing requires itself. */
static int unit_bind(struct binding *b, const struct res_unit *first, struct res **ret)
{
	VEC(const struct res_unit *) path = {0};
	int r = 0;

	vec_push(b->arena, &path, first);
	while (path.n && r == 0) {
		const struct res_unit *u = path.at[path.n - 1], *before = map_get(&b->units, u->res.id) ? NULL : required_unbound(b, u);
		struct res *bound = NULL;

		if (before && path.n > b->compiled->all.n)
			return err_set(b->e, -ELOOP, "the unit %.*s requires itself", STR_ARG(u->res.id));
		if (before) {
			vec_push(b->arena, &path, before);
			continue;
		}
		path.n--;
		if (map_get(&b->units, u->res.id))
			continue;
		r = unit_bound(b, u, &bound);
		if (r == 0)
			map_add(b->arena, &b->units, bound->id, bound);
	}
	*ret = map_get(&b->units, first->res.id);
	return r;
}

/* The host's name servers in a resolv.conf of ours, in the place of a line that asks for them. */
static int file_bound(struct binding *b, const struct res_file *f, struct res **ret)
{
	struct res_file *copy = (struct res_file *)res_copy(b->arena, &f->res);
	int r = 0;

	if (!b->dns.n)
		r = fact_resolv(b->h, b->arena, &b->dns, b->e);
	copy->content = b->dns;
	*ret = &copy->res;
	return r;
}

static int res_bound(struct binding *b, struct res *r, struct res **ret)
{
	*ret = r;
	switch (r->kind) {
	case RES_image:
		*ret = image_bound(b, (struct res_image *)r);
		return 0;
	case RES_sysctl:
		return sysctl_bound(b, (struct res_sysctl *)r, ret);
	case RES_container:
		if (((struct res_container *)r)->secrets.n)
			container_bound(b, (struct res_container *)r, ret);
		return 0;
	case RES_file:
		return str_is(((struct res_file *)r)->content, "@dns:host@\n") ? file_bound(b, (struct res_file *)r, ret) : 0;
	case RES_unit:
		return ((struct res_unit *)r)->binds.n ? unit_bind(b, (struct res_unit *)r, ret) : 0;
	default:
		return 0;
	}
}

int manifest_bind(struct host *h, const struct manifest *compiled, const struct manifest *current, struct manifest *ret, struct strs *ret_missing, struct err *e)
{
	struct binding b = {.h = h, .arena = ret->arena, .compiled = compiled, .current = current, .e = e};
	struct manifest bound = {.arena = ret->arena};
	VEC(struct str) missing = {0};
	struct res_image *i;
	int r = images_bind(&b);

	for (size_t k = 0; k < compiled->all.n && r == 0; k++) {
		struct res *one;

		r = res_bound(&b, compiled->all.at[k], &one);
		if (r == 0)
			manifest_put(&bound, one);
	}
	if (b.refused.code) { /* before what may follow from it */
		*e = b.refused;
		return e->code;
	}
	if (r < 0)
		return r;
	manifest_seal(&bound);
	manifest_each(image, i, &bound)
		if (!i->digest.n)
			vec_push(ret->arena, &missing, i->res.id);
	*ret = bound;
	*ret_missing = (struct strs){missing.at, missing.n};
	return 0;
}
