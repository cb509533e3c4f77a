/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A container's effective fields as text, expanded from schema.def: what a plan shows as changed. A field
 * that is added to the schema appears here by itself. Left out is what res_container has members of its own
 * for: is_carried. */
#include "compiler/lower_impl.h"
#include "lang/base/sort.h"
#include "lang/schema.h"

/* Known to the compiler of C wherever it is asked. */
#define CARRIED(k, member) (kind == KIND_##k && offset == MEMBER(k, member))
#define CARRIED_RARE(k, member) (kind == KIND_##k && offset == MEMBER_RARE(k, member))
static inline bool is_carried(enum kind_tag kind, size_t offset)
{
	return CARRIED(container, image) || CARRIED(container, address) || CARRIED(container, address6) || CARRIED_RARE(container, more_addresses) || CARRIED(container, ports) || CARRIED(volume, from);
}

/* One function a type: canonical text of a value. */
static void text_BOOL(bool v, struct buf *out)
{
	buf_puts(out, v ? "true" : "false");
}

static void text_INT(int64_t v, struct buf *out)
{
	if (v < 0)
		buf_addc(out, '-');
	buf_uint(out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* As "%.15g" has it, which costs more than all the rest of a container: most numbers have few places behind the point, or none. */
static void text_NUMBER(double v, struct buf *out)
{
	double thousands = v * 1000;

	if (!(v >= 0 && v < 1e9 && thousands == (double)(uint64_t)thousands)) {
		buf_fmt(out, "%.15g", v);
		return;
	}
	unsigned rest = (unsigned)((uint64_t)thousands % 1000);
	buf_uint(out, (uint64_t)thousands / 1000);
	if (rest)
		buf_addc(out, '.');
	for (; rest; rest = rest % 100 * 10)
		buf_addc(out, (char)('0' + rest / 100));
}

static void text_COUNTLIMIT(int64_t v, struct buf *out)
{
	limit_text(v, false, out);
}

static void text_SIZELIMIT(int64_t v, struct buf *out)
{
	limit_text(v, true, out);
}

static void text_MODE(int64_t v, struct buf *out)
{
	char text[1 + 22], *to = text + sizeof text; /* 64 bits are 22 digits */
	uint64_t rest = (uint64_t)v;

	do
		*--to = (char)('0' + rest % 8);
	while (rest /= 8);
	*--to = '0';
	buf_add(out, to, (size_t)(text + sizeof text - to));
}

static void text_STRING(struct str v, struct buf *out)
{
	buf_str(out, v);
}

/* A `=` divides the two of a mount. */
static void text_PATH(struct str v, struct buf *out)
{
	if (str_has(v, '='))
		string_text(v, out);
	else
		path_text(v, out);
}

static void text_IP(struct addr v, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	buf_puts(out, addr_text(v, text));
}

static void text_CIDR(struct cidr v, struct buf *out)
{
	char text[CIDR_TEXT_MAX];

	buf_puts(out, cidr_text(v, text));
}

static void text_OWNER(struct owner v, struct buf *out)
{
	buf_uint(out, v.uid);
	buf_addc(out, ':');
	buf_uint(out, v.gid);
}

static void text_STRINGS(struct strs v, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < v.n; i++) {
		buf_puts(out, i ? ", \"" : "\"");
		buf_str(out, v.at[i]);
		buf_addc(out, '"');
	}
	buf_addc(out, ']');
}

static void text_head(const struct m_head *head, struct buf *out)
{
	buf_str(out, head->stack->head.name);
	buf_addc(out, '.');
	buf_str(out, head->name);
}

__attribute__((unused)) static void text_ENDPOINT(struct endpoint v, struct buf *out)
{
	endpoint_text(v, out);
}

/* Where a name leads is what the kernel is told. */
static void text_REMOTE(struct remote v, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	remote_text(&v, out);
	if (v.name.n)
		buf_fmt(out, " (%s)", addr_text(v.at.addr, text));
}

static void text_CIDRS(struct cidrs v, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < v.n; i++) {
		buf_puts(out, i ? ", " : "");
		text_CIDR(v.at[i], out);
	}
	buf_addc(out, ']');
}

static void text_IPS(struct addrs v, struct buf *out)
{
	addrs_text(v.at, v.n, out);
}

#define REF(tag, kind)                                                                                    \
	__attribute__((unused)) static void text_##tag(const struct m_##kind *v, struct buf *out) \
	{                                                                                         \
		text_head(&v->head, out);                                                         \
	}
#define REFS(tag, one, kind, plural)                                                        \
	__attribute__((unused)) static void text_##tag(struct m_##plural v, struct buf *out) \
	{                                                                                   \
		buf_addc(out, '[');                                                         \
		for (size_t i = 0; i < v.n; i++) {                                          \
			buf_puts(out, i ? ", " : "");                                       \
			text_head(&v.at[i]->head, out);                                     \
		}                                                                           \
		buf_addc(out, ']');                                                         \
	}
#include "lang/ref.def"

static void text_PORT(struct port v, struct buf *out)
{
	port_text(v, out);
}

static void text_PORTREF(struct port_ref v, struct buf *out)
{
	port_text(v.port, out);
}

static void text_word(enum word v, struct buf *out)
{
	static const char *const words[WORD_COUNT] = {
#define WORD(type, member, word) [WORD_##type##_##member] = word,
#include "lang/enum.def"
#undef WORD
	};

	buf_puts(out, words[v]);
}

static void text_CAPABILITIES(struct word_list v, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < v.n; i++) {
		buf_puts(out, i ? ", " : "");
		text_word(v.at[i], out);
	}
	buf_addc(out, ']');
}

static void text_FLOWEND(struct flow_end v, struct buf *out)
{
	flow_end_text(&v, out);
}

#define text_HOSTPORT endpoint_text
#define text_SIZE size_text
#define text_DURATION duration_text
static void text_DNS(struct dns v, struct buf *out)
{
	dns_text(&v, out);
}

#define text_IMAGE text_STRING
#define text_NAMED text_STRING
#define text_IFNAME text_STRING
#define text_IP4 text_IP
#define text_IP6 text_IP
#define text_CIDR4 text_CIDR
#define text_CIDR6 text_CIDR
#define text_EXPECT text_word
#define text_RESTART text_word
#define text_RUN text_word
#define text_NETWORK text_word
#define text_CATEGORY text_word
#define text_PROXYKIND text_word
#define text_TLS text_word
#define text_GPU text_word
#define text_MACVLAN text_word
#define text_SIGNAL text_word
#define text_USERS text_word
#define text_SHARING text_word
#define text_CAPABILITY text_word

struct listing {
	struct lowering *lowering;
	VEC(struct str) all;	/* in the scratch arena */
	struct buf line;
};

/* A line is built behind its prefix, taken, and cut back to the prefix. */
static void line_take(struct listing *l, size_t prefix)
{
	vec_push(l->lowering->scratch, &l->all, str_copy(l->lowering->arena, buf_view(&l->line)));
	l->line.n = prefix;
}

static size_t line_name(struct listing *l, struct str name)
{
	size_t prefix = l->line.n;

	buf_str(&l->line, name);
	return prefix;
}

/* A switch that stands as it does by itself is not worth a line. Every other value is shown, whoever set it. */
static inline bool switch_stands(const void *value, const char *dflt)
{
	return strcmp(dflt, *(const bool *)value ? "true" : "false") == 0;
}
#define STANDS(value, dflt) _Generic((value), bool: switch_stands(&(value), dflt), default: false)

/* A block behind an arrow, in brackets: "readonly" for true, nothing for false, "name value" for the rest. */
static void bracket_add(struct buf *out, const char **join, const char *name, struct buf *value)
{
	struct str text = buf_view(value);

	if (!str_is(text, "false")) {
		buf_fmt(out, "%s%s", *join, name);
		if (!str_is(text, "true"))
			buf_fmt(out, " %.*s", STR_ARG(text));
		*join = ", ";
	}
	buf_free(value);
}

#define KIND_BEGIN(kind, word, named, doc)                                                          \
	__attribute__((unused)) static void bracket_##kind(const struct m_##kind *m, struct buf *out) \
	{                                                                                           \
		const char *join = " (";                                                                    \
		(void)m;
#define FIELD(kind, member, ...) BRACKET(m->member, __VA_ARGS__)
#define RARE(kind, member, ...) BRACKET(m->rare->member, __VA_ARGS__)
#define BRACKET(field, name, type, need, dflt, min, max, doc)       \
	if (field.set) {                                            \
		struct buf value = {0};                             \
		text_##type(field.v, &value);                       \
		bracket_add(out, &join, name, &value);              \
	}
#define KIND_END(kind)              \
	if (join[0] == ',')    \
		buf_addc(out, ')'); \
	}
#include "lang/schema.def"

/* The lines of a block, one function a kind. The line that is being built holds the prefix: "" or "volume.models.". */
#define KIND_BEGIN(kind, word, named, doc)                                                               \
	__attribute__((unused)) static void list_##kind(struct listing *l, const struct m_##kind *m)     \
	{                                                                                                \
		(void)l, (void)m;
#define FIELD(kind, member, ...) LINE(kind, MEMBER(kind, member), m->member, __VA_ARGS__)
#define RARE(kind, member, ...) LINE(kind, MEMBER_RARE(kind, member), m->rare->member, __VA_ARGS__)
#define LINE(kind, offset, field, label, type, need, dflt, min, max, doc)                         \
	if (field.set && !is_carried(KIND_##kind, offset) && !STANDS(field.v, dflt)) {            \
		size_t prefix = line_name(l, STR(label "="));                                     \
		text_##type(field.v, &l->line);                                                   \
		line_take(l, prefix);                                                             \
	}
#define MAP(kind, member, label, type, doc)                                               \
	if (!is_carried(KIND_##kind, MEMBER(kind, member)))                 \
		vec_each(const struct entry_##type, e, &m->member) {                     \
			size_t prefix = line_name(l, STR(label "."));                          \
			buf_str(&l->line, e->name);                                      \
			buf_addc(&l->line, '=');                                         \
			text_##type(e->value.v, &l->line);                               \
			line_take(l, prefix);                                            \
		}
#define BLOCK(kind, member, label, child, how, doc) BLOCK_##how(member, label, child)
#define BLOCK_ONE(member, label, child)                    \
	if (m->member) {                                  \
		size_t prefix = line_name(l, STR(label "."));   \
		list_##child(l, m->member);               \
		l->line.n = prefix;                       \
	}
#define BLOCK_MANY(member, label, child)                              \
	vec_each(struct m_##child *const, b, &m->member) {           \
		size_t prefix = line_name(l, STR(label "."));              \
		buf_str(&l->line, (*b)->head.name);                  \
		buf_addc(&l->line, '.');                             \
		list_##child(l, *b);                                 \
		l->line.n = prefix;                                  \
	}
#define ARROW(kind, member, label, left_type, right_type, child, doc)        \
	for (size_t i = 0; i < m->member.n; i++) {                          \
		size_t prefix = line_name(l, STR(label "."));                     \
		text_##left_type(m->member.at[i].left.v, &l->line);         \
		buf_addc(&l->line, '=');                                    \
		text_##right_type(m->member.at[i].right.v, &l->line);       \
		if (m->member.at[i].block)                                  \
			bracket_##child(m->member.at[i].block, &l->line);   \
		line_take(l, prefix);                                       \
	}
#define KIND_END(kind) }
#include "lang/schema.def"
struct strs container_fields(struct lowering *lowering, const struct m_container *c)
{
	struct listing l = {.lowering = lowering, .line = lowering->text};
	struct strs ret;

	l.line.n = 0;
	list_container(&l, c);
	lowering->text = l.line; /* it may have grown */
	sort_strs(l.all.at, l.all.n);
	ret = (struct strs){arena_array(lowering->arena, l.all.n, sizeof *ret.at), l.all.n};
	if (ret.n)
		memcpy(ret.at, l.all.at, ret.n * sizeof *ret.at);
	return ret;
}
