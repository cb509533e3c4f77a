/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading and writing locks. A line is a kind, a name and a value; the lines are sorted, so that a lock differs where the choice does, and merges like a list. */
#include "compiler/lock.h"

#include <errno.h>
#include <unistd.h>

#include "compiler/elab.h"
#include "compiler/names.h"
#include "compiler/read.h"
#include "lang/base/cleanup.h"
#include "lang/base/sort.h"

static const struct str kinds[LOCK_KINDS] = {[LOCK_ADDRESS] = {"address", 7}, [LOCK_ADDRESS6] = {"address6", 8}, [LOCK_RANGE] = {"range", 5}, [LOCK_IMAGE] = {"image", 5}, [LOCK_NAME] = {"name", 4}};

/* The next word of a line; *line is what is behind it. */
static struct str word_cut(struct str *line)
{
	return str_cut(*line, ' ', line);
}

static bool value_parse(struct lock_entry *e, struct str text)
{
	if (e->kind == LOCK_IMAGE) {
		e->digest = text;
		return form_digest(text) == NULL;
	}
	if (e->kind == LOCK_RANGE)
		return cidr_parse(text, &e->value) && e->value.addr.family == 4;
	if (e->kind == LOCK_NAME)
		return addr_parse(text, &e->value.addr);
	e->value.len = e->kind == LOCK_ADDRESS6 ? 128 : 32;
	return addr_parse(text, &e->value.addr) && addr_bits(e->value.addr) == e->value.len;
}

/* d: NULL where nobody wants to know. */
static void line_read(struct diags *d, struct str line, struct span at, bool root, struct modules *m)
{
	struct lock_entry *e = arena_new(&m->arena, struct lock_entry), *old;
	struct str kind = word_cut(&line);

	*e = (struct lock_entry){.kind = LOCK_ADDRESS, .name = word_cut(&line), .at = at, .root = root};
	while (e->kind < LOCK_KINDS && !str_eq(kind, kinds[e->kind]))
		e->kind++;
	if (e->kind == LOCK_KINDS || !value_parse(e, line)) {
		if (d)
			diag_help(d, diag_add(d, DIAG_lock_form, at, "this is no line of a lock"), "`ctc lock` writes it anew, and keeps the lines that are good");
		return;
	}
	old = map_add(&m->arena, &m->locks.by_name[e->kind], e->name, e);
	if (d && old && old->root == root)
		diag_note(d, diag_add(d, DIAG_field_twice, at, "`%.*s` is locked twice", STR_ARG(e->name)), old->at, "first locked here");
	if (!old)
		vec_push(&m->arena, &m->locks.all, e);
}

static void lock_read(struct sources *sources, struct diags *d, bool relock, struct str path, bool root, struct modules *m)
{
	struct stat st;
	struct source *source = NULL;
	int error = 0;
	_fd_ int fd = -1;

	if (access(arena_copy(&m->arena, path.s, path.n), F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		m->locks.missing |= root;
		return;
	}
	fd = text_open(&m->arena, d, path, (struct span){0, 0}, &st, &error);
	if (fd >= 0)
		source = text_read(sources, d, fd, st.st_size, path, (struct span){0, 0}, &error);
	if (error && !m->error)
		m->error = -error;
	for (struct str rest = source ? source->text : (struct str){0}; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest);
		uint32_t lo = source->base + (uint32_t)(line.s - source->text.s);

		if (line.n && line.s[0] != '#')
			line_read(relock ? NULL : d, line, (struct span){lo, lo + (uint32_t)line.n}, root, m);
	}
}

void locks_read(struct sources *sources, struct diags *d, bool relock, struct modules *m)
{
	struct map seen = {0};

	/* those beside files that are given first: they win */
	for (int root = 1; root >= 0; root--)
		vec_each(struct module *const, at, &m->all) {
			struct str path = (*at)->name;

			if ((*at)->std || (*at)->root != (root == 1))
				continue;
			while (path.n && path.s[path.n - 1] != '/')
				path.n--;
			path = STR_JOIN(&m->arena, path, STR(LOCK_FILE));
			if (!map_add(&m->arena, &seen, path, m))
				lock_read(sources, d, relock, path, root == 1, m);
		}
}

/* ---- images ---- */

static bool is_tagged(const struct m_container *c)
{
	return c->image.set && !str_has(c->image.v, '@') && !str_starts(c->image.v, STR("localhost/"));
}

static void pin(struct arena *arena, const struct locks *locks, struct map *seen, struct m_container *c, struct model *model)
{
	struct lock_entry *e = map_get(&locks->by_name[LOCK_IMAGE], c->image.v);
	struct m_tagged *t = arena_new(arena, struct m_tagged);

	*t = (struct m_tagged){.reference = c->image.v, .at = c->image.at};
	if (e) {
		t->digest = str_copy(arena, e->digest);
		c->image.v = STR_JOIN(arena, c->image.v, STR("@"), e->digest);
		e->used = true;
	}
	if (!c->head.stack->head.outside && !map_add(arena, seen, t->reference, t))
		vec_push(arena, &model->tagged, t);
}

void locks_pin(struct arena *arena, const struct modules *m, struct model *model)
{
	struct map seen = {0};

	vec_each(struct m_stack *const, s, &model->stacks)
		vec_each(struct m_container *const, c, &(*s)->container)
			if (is_tagged(*c))
				pin(arena, &m->locks, &seen, *c, model);
}

/* ---- names ---- */

static void resolve(struct arena *arena, const struct locks *locks, struct map *seen, const struct m_container *c, struct f_REMOTE *at, struct model *model)
{
	struct lock_entry *e = map_get(&locks->by_name[LOCK_NAME], at->v.name);
	struct m_named *n = arena_new(arena, struct m_named);

	if (e) {
		at->v.at.addr = e->value.addr;
		e->used = true;
	}
	*n = (struct m_named){.name = at->v.name, .at = at->at, .address = at->v.at.addr};
	if (!c->head.stack->head.outside && !map_add(arena, seen, n->name, n))
		vec_push(arena, &model->named, n);
}

void locks_resolve(struct arena *arena, struct diags *d, const struct modules *m, struct model *model)
{
	struct map seen = {0};

	vec_each(struct m_stack *const, s, &model->stacks)
		vec_each(struct m_container *const, c, &(*s)->container)
			for (size_t i = 0; (*c)->wireguard && i < (*c)->wireguard->peer.n; i++)
				if ((*c)->wireguard->peer.at[i]->endpoint.v.name.n)
					resolve(arena, &m->locks, &seen, *c, &(*c)->wireguard->peer.at[i]->endpoint, model);
	for (size_t i = 0; d && i < model->named.n; i++) {
		const struct m_named *n = model->named.at[i];

		if (!n->address.family)
			diag_help(d, diag_add(d, DIAG_name_unlocked, n->at, "nothing says which address `%.*s` has", STR_ARG(n->name)),
				  "`ctc lock` asks for it and writes it into " LOCK_FILE "; or write an address: 203.0.113.1:51820");
	}
}

/* ---- comparing ---- */

static struct str address_key(const struct addr *a)
{
	return (struct str){(const char *)a, sizeof *a};
}

/* Address -> the container of the stack that somebody gave it. */
static struct map addresses_given(struct arena *a, const struct m_stack *s)
{
	struct map given = {0};

	vec_each(struct m_container *const, c, &s->container) {
		if ((*c)->address.given)
			map_add(a, &given, address_key(&(*c)->address.v), *c);
		if ((*c)->address6.given)
			map_add(a, &given, address_key(&(*c)->address6.v), *c);
	}
	return given;
}

/* What a lock keeps for a container that has another address now, since somebody else was given it. */
void locks_compare(struct diags *d, const struct modules *m, const struct model *model)
{
	_arena_ struct arena a = {0};

	vec_each(struct m_stack *const, s, &model->stacks) {
		const struct map given = (*s)->head.outside || !m->locks.all.n ? (struct map){0} : addresses_given(&a, *s);

		for (size_t i = 0; given.n && i < (*s)->container.n; i++)
			for (int six = 0; six < 2; six++) {
				const struct m_container *c = (*s)->container.at[i];
				const struct lock_entry *e = map_get(&m->locks.by_name[six ? LOCK_ADDRESS6 : LOCK_ADDRESS], name_full(&a, &c->head));
				const bool chosen = six ? c->address6.set && !c->address6.given : c->address.set && !c->address.given;
				const struct m_container *taker = e && !e->used && chosen ? map_get(&given, address_key(&e->value.addr)) : NULL;
				char text[ADDR_TEXT_MAX];

				if (!taker || taker == c)
					continue;
				struct diag *said = diag_add(d, DIAG_address_taken, six ? taker->address6.at : taker->address.at, "`%.*s` is given %s, which " LOCK_FILE " keeps for `%.*s`",
							     STR_ARG(taker->head.name), addr_text(e->value.addr, text), STR_ARG(c->head.name));
				diag_note(d, said, e->at, "so that it has %s now", addr_text(six ? c->address6.v : c->address.v, text));
				diag_help(d, said, "give `%.*s` another address; or `ctc lock` writes down where `%.*s` is now", STR_ARG(taker->head.name), STR_ARG(c->head.name));
			}
	}
}

/* ---- insisting ---- */

static void missing(struct diags *d, const struct m_head *head, const char *what)
{
	struct diag *said = diag_add(d, DIAG_lock_missing, head->at, "the %s of `%.*s` is not locked", what, STR_ARG(head->name));

	diag_help(d, said, "`ctc lock` writes it into " LOCK_FILE);
}

static bool is_locked(const struct modules *m, enum lock_kind kind, const struct m_head *head, struct cidr value)
{
	_arena_ struct arena a = {0};
	const struct lock_entry *e = map_get(&m->locks.by_name[kind], name_full(&a, head));

	return e && addr_eq(e->value.addr, value.addr) && e->value.len == value.len;
}

static void stack_check(struct diags *d, const struct modules *m, const struct m_stack *s)
{
	vec_each(struct m_subnet *const, n, &s->subnet)
		if ((*n)->range.set && !(*n)->range.given && !is_locked(m, LOCK_RANGE, &(*n)->head, (*n)->range.v))
			missing(d, &(*n)->head, "range");
	vec_each(struct m_container *const, c, &s->container) {
		if ((*c)->address.set && !(*c)->address.given && !is_locked(m, LOCK_ADDRESS, &(*c)->head, (struct cidr){(*c)->address.v, 32}))
			missing(d, &(*c)->head, "address");
		if ((*c)->address6.set && !(*c)->address6.given && !is_locked(m, LOCK_ADDRESS6, &(*c)->head, (struct cidr){(*c)->address6.v, 128}))
			missing(d, &(*c)->head, "IPv6 address");
	}
}

void locks_check(struct diags *d, const struct modules *m, const struct model *model)
{
	if (m->locks.missing)
		diag_help(d, diag_add(d, DIAG_lock_missing, (struct span){0, 0}, "there is no " LOCK_FILE " beside the files"), "`ctc lock` writes it");
	else {
		vec_each(struct m_stack *const, s, &model->stacks)
			if (!(*s)->head.outside)
				stack_check(d, m, *s);
		vec_each(struct m_tagged *const, t, &model->tagged)
			if (!(*t)->digest.n)
				diag_help(d, diag_add(d, DIAG_lock_missing, (*t)->at, "the image `%.*s` is not locked", STR_ARG((*t)->reference)),
					  "`ctc lock --images` writes its digest into " LOCK_FILE);
	}
	vec_each(struct lock_entry *const, e, &m->locks.all)
		if ((*e)->root && !(*e)->used)
			diag_help(d, diag_add(d, DIAG_lock_stale, (*e)->at, "`%.*s` needs no such line any more", STR_ARG((*e)->name)),
				  "`ctc lock` takes it out");
}

/* ---- writing ---- */

struct lines {
	struct arena arena;
	VEC(struct str) all;
};

static void line_add(struct lines *l, enum lock_kind kind, struct str name, struct str value)
{
	vec_push(&l->arena, &l->all, STR_JOIN(&l->arena, kinds[kind], STR(" "), name, STR(" "), value));
}

static void choice_add(struct lines *l, enum lock_kind kind, const struct m_head *head, const char *value)
{
	line_add(l, kind, name_full(&l->arena, head), str_of(value));
}

static void stack_lines(struct lines *l, const struct m_stack *s)
{
	char text[CIDR_TEXT_MAX];

	vec_each(struct m_subnet *const, n, &s->subnet)
		if ((*n)->range.set && !(*n)->range.given)
			choice_add(l, LOCK_RANGE, &(*n)->head, cidr_text((*n)->range.v, text));
	vec_each(struct m_container *const, c, &s->container) {
		if ((*c)->address.set && !(*c)->address.given)
			choice_add(l, LOCK_ADDRESS, &(*c)->head, addr_text((*c)->address.v, text));
		if ((*c)->address6.set && !(*c)->address6.given)
			choice_add(l, LOCK_ADDRESS6, &(*c)->head, addr_text((*c)->address6.v, text));
	}
}

void lock_text(const struct model *model, struct buf *out)
{
	struct lines l = {0};

	vec_each(struct m_stack *const, s, &model->stacks)
		if (!(*s)->head.outside)
			stack_lines(&l, *s);
	vec_each(struct m_tagged *const, t, &model->tagged)
		if ((*t)->digest.n)
			line_add(&l, LOCK_IMAGE, (*t)->reference, (*t)->digest);
	vec_each(struct m_named *const, n, &model->named)
		if ((*n)->address.family)
			line_add(&l, LOCK_NAME, (*n)->name, str_of(addr_text((*n)->address, (char[ADDR_TEXT_MAX]){0})));
	sort_strs(l.all.at, l.all.n);
	buf_puts(out, "# What ctc chose where the source leaves it open. `ctc lock` writes it; it belongs to the source.\n");
	vec_each(struct str, line, &l.all) {
		buf_str(out, *line);
		buf_addc(out, '\n');
	}
	arena_free(&l.arena);
}
