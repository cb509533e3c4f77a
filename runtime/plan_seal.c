/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sealing plans and comparing what was sealed, see plan_seal.h. Both texts are in the order of the manifest, so that one walk over the two finds all differences. */
#include "runtime/plan_seal.h"

#include "runtime/digest.h"

enum { TOLD_MAX = 3 };

static void encode_one(struct arena *a, const struct res *r, struct buf *out)
{
	struct manifest m = {.arena = a};

	if (r)
		manifest_put(&m, (struct res *)r);
	manifest_seal(&m);
	manifest_encode(&m, out);
}

void plan_seal(const struct plan *p, struct buf *out)
{
	static const char *const words[] = {[OP_CREATE] = "create", [OP_CHANGE] = "change", [OP_DELETE] = "delete"};
	struct arena scratch = {0};
	struct buf both = {0};

	for (size_t i = 0; i < p->changes.n; i++) {
		const struct change *c = &p->changes.at[i];
		const struct res *r = change_res(c);
		char digest[DIGEST_TEXT + 1];

		both.n = 0;
		encode_one(&scratch, c->from, &both);
		encode_one(&scratch, c->to, &both);
		digest_hex(buf_view(&both), digest);
		buf_fmt(out, "%s %s %s %.*s\n", words[c->op], res_infos[r->kind].word, digest, STR_ARG(r->id));
	}
	buf_free(&both);
	arena_free(&scratch);
}

/* Whose line it is: a kind's place among the kinds, and the id. */
struct sealed {
	struct str line, word, id;
	int kind;
};

static struct sealed sealed_read(struct str line)
{
	struct sealed s = {.line = line, .kind = RES_KIND_COUNT};
	struct str rest;

	str_cut(line, ' ', &rest);
	s.word = str_cut(rest, ' ', &rest);
	str_cut(rest, ' ', &s.id);
	for (int k = 0; k < RES_KIND_COUNT; k++)
		if (str_is(s.word, res_infos[k].word))
			s.kind = k;
	return s;
}

static void tell(struct buf *out, size_t *told, const struct sealed *s, const char *what)
{
	if (++*told <= TOLD_MAX)
		buf_fmt(out, "%s%.*s %.*s %s", *told > 1 ? ", " : "", STR_ARG(s->word), STR_ARG(s->id), what);
}

bool plan_seal_same(struct str agreed, struct str now, struct buf *out)
{
	size_t told = 0;

	while (agreed.n || now.n) {
		struct str agreed_rest, now_rest;
		struct sealed a = sealed_read(str_cut(agreed, '\n', &agreed_rest)), b = sealed_read(str_cut(now, '\n', &now_rest));
		int order = !agreed.n ? 1 : !now.n ? -1 : a.kind != b.kind ? a.kind - b.kind : str_cmp(a.id, b.id);

		if (order < 0)
			tell(out, &told, &a, "does not change any more");
		else if (order > 0)
			tell(out, &told, &b, "would change, too");
		else if (!str_eq(a.line, b.line))
			tell(out, &told, &b, "is not what it was");
		agreed = order <= 0 ? agreed_rest : agreed;
		now = order >= 0 ? now_rest : now;
	}
	if (told > TOLD_MAX)
		buf_fmt(out, " and %zu more", told - TOLD_MAX);
	return told == 0;
}
