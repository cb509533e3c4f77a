/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What to do about a value of another type than is asked for: a table of who wrote what where what was wanted, as people do who know another tool. */
#include "compiler/elab.h"

/* What is wrong, and what was said of it. */
struct wrong {
	struct elab *el;
	struct diag *d;
	struct val v;
	const struct expr *e;
	const struct type *t;
	const struct target *to;
};

/* Sets of types; 0 is any. */
static_assert((int)V_FILE < 64, "a set of types is a word");
#define B(type) (1ULL << (type))
#define ADDRESS (B(T_IP) | B(T_IP4) | B(T_IP6))

static bool is_in(uint64_t set, int type)
{
	return !set || set & B(type);
}

/* Whether a text without its quotes would be a literal of the type, as far as can be seen from here. */
static bool is_unquoted(struct str s, const struct type *t)
{
	bool number = s.n > 0 && s.s[0] >= '0' && s.s[0] <= '9' && !str_has(s, ' ');
	bool pair = number && str_has(s, ':');
	struct addr a;
	struct cidr c;

	switch (t->tag) {
	case T_IP:
	case T_IP4:
	case T_IP6:
		return addr_parse(s, &a);
	case T_CIDR:
	case T_CIDR4:
	case T_CIDR6:
		return cidr_parse(s, &c);
	case T_BOOL:
		return str_eq(s, STR("true")) || str_eq(s, STR("false"));
	case T_REMOTE:
		return form_is_endpoint(s) && str_has(s, ':') && (s.s[0] == '[' || number);
	case T_HOSTPORT:
	case T_ENDPOINT:
		return number || (s.n > 0 && s.s[0] == '[');
	case T_INT:
	case T_FLOAT:
	case T_NUMBER:
	case T_SIZE:
	case T_DURATION:
	case T_PERCENT:
	case T_PORT:
	case T_MODE:
		return number;
	case T_OWNER:
	case T_MAC:
		return pair;
	case T_COUNTLIMIT:
	case T_SIZELIMIT:
		return number || str_is(s, "unlimited");
	case T_FLOWEND:
	case T_PORTREF:
#define REF(tag, kind) case T_##tag:
#include "lang/ref.def"
		return form_name(s, N_NAME) == NULL;
	default:
		return type_is_enum(t) && word_find((enum type_tag)t->tag, s) != WORD_COUNT;
	}
}

/* A text that would be a literal without its quotes, as that is written here: "64m" -> 64MiB, "1777" -> 01777. */
static const char *unquoted(struct elab *el, struct str s, const struct type *t)
{
	static const char letters[] = "kmgt", *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	size_t digits = str_span(s, "0123456789.");
	bool size = t->tag == T_SIZE || t->tag == T_SIZELIMIT;
	const char *unit = digits + 1 == s.n ? strchr(letters, s.s[digits] | 0x20) : NULL;

	digits = digits < s.n ? digits : s.n;
	if (size && unit)
		return str_fmt(el->a, "%.*s%s", (int)digits, s.s, units[unit - letters]).s;
	if (digits == s.n && (size || t->tag == T_DURATION || t->tag == T_PORT))
		return str_fmt(el->a, "%.*s%s", STR_ARG(s), size ? "MiB" : t->tag == T_PORT ? "/tcp" : "s").s;
	return str_fmt(el->a, "%s%.*s", t->tag == T_MODE && s.s[0] != '0' ? "0" : "", STR_ARG(s)).s;
}

const char *text_meant(struct elab *el, struct str s, const struct type *t)
{
	return s.n && is_unquoted(s, t) ? unquoted(el, s, t) : NULL;
}

void help_unset(struct elab *el, struct diag *d, const struct expr *e)
{
	if (e->kind == EX_NAME || e->kind == EX_MEMBER)
		say_help(el, d, "say what it is then: (%s ?? …)", expr_shown(el, e));
}

/* A number of bytes, or of what people count memory in. */
const char *size_meant(struct elab *el, int64_t n)
{
	struct buf b = {0};

	if (n < 1 << 20)
		return n < 1 ? "512MiB, or leave it out where there is no limit" : str_fmt(el->a, "%lldMiB", (long long)n).s;
	size_text(n, &b);
	return buf_take(&b, el->a).s;
}

void help_port(struct elab *el, struct diag *d, struct node *n)
{
	node_ready(el, n); /* it may stand in a stack that comes later */
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];

		if (row->form != ROW_MAP || row->type != T_PORT)
			continue;
		const struct cell *cell = node_cell(n, row);
		if (cell->map.n)
			say_help(el, d, "name one of its ports: %.*s.%.*s", STR_ARG(n->name.text),
				 STR_ARG(cell->map.at[0]->name.text));
		else
			say_help(el, d, "it declares no ports; one without a name is written %.*s:8080/tcp",
				 STR_ARG(n->name.text));
	}
}

/* 8080:80, or that in quotes: a port of the host and one of the container, as other tools write it. */
static bool is_pair_of_ports(struct val v)
{
	struct str last = {0}, before = {0}, rest = v.type == T_STRING ? v.u.STRING : STR("");

	if (v.type == T_OWNER)
		return true;
	while (rest.n) {
		before = last;
		last = str_cut(rest, ':', &rest);
	}
	if (!last.n || !before.n)
		return false;
	return str_only(last, "0123456789") && str_only(before, "0123456789");
}

/* ---- whether a row of the table is meant ---- */

static bool is_reference(const struct wrong *w)
{
	return w->e->kind == EX_NAME || w->e->kind == EX_MEMBER;
}

static bool is_name(const struct wrong *w)
{
	return w->e->kind == EX_NAME;
}

/* A block that is no reference where a value is asked for: an input called like a volume. */
static bool is_nearer(const struct wrong *w)
{
	const struct node *n = w->v.u.node;

	return w->e->kind == EX_NAME && n->tag != KIND_container && n->tag != KIND_subnet && n->tag != KIND_secret;
}

static bool is_computed(const struct wrong *w)
{
	return w->e->kind == EX_COMPUTED;
}

static bool is_proxy(const struct wrong *w)
{
	return w->v.u.node->tag == KIND_proxy;
}

static bool is_container(const struct wrong *w)
{
	return w->v.u.node->tag == KIND_container;
}

static bool is_pair(const struct wrong *w)
{
	return is_pair_of_ports(w->v);
}

static bool is_ip6(const struct wrong *w)
{
	return w->v.u.IP.family == 6;
}

static bool is_route(const struct wrong *w)
{
	return str_is(w->to->name, "route");
}

static bool is_cpu(const struct wrong *w)
{
	return str_is(w->to->name, "cpu");
}

static bool is_minutes(const struct wrong *w)
{
	return w->e->kind == EX_DURATION;
}

static bool is_number(const struct wrong *w)
{
	return str_only(w->v.u.STRING, "0123456789");
}

static bool is_no_owner(const struct wrong *w)
{
	return !str_only(w->v.u.STRING, "0123456789:");
}

static bool is_url(const struct wrong *w)
{
	return str_starts(w->v.u.STRING, STR("http://")) || str_starts(w->v.u.STRING, STR("https://"));
}

static bool is_tls(const struct wrong *w)
{
	return w->t->tag == T_TLS;
}

/* ---- helps that are more than a text; false: it is not meant, the next row is asked ---- */

/* address = fd00::2: the field of the other family, where there is one. */
static bool other_family(const struct wrong *w)
{
	struct str other = str_fmt(w->el->a, "%.*s6", STR_ARG(w->to->name));

	if (!w->to->node || !map_get(&w->el->rows[w->to->node->tag], other))
		return false;
	say_help(w->el, w->d, "one of IPv6 stands in its own field: %s = %s", other.s, is_reference(w) ? expr_shown(w->el, w->e) : val_string(w->el, w->v));
	return true;
}

static bool without_quotes(const struct wrong *w)
{
	if (w->v.u.STRING.n >= 64 || !is_unquoted(w->v.u.STRING, w->t))
		return false;
	const struct expr *part = w->e->kind == EX_TEXT ? w->e->u.list.first : NULL, *last = part;

	while (last && last->next)
		last = last->next;
	if (part && part->next && part->kind != EX_STRING && w->t->tag == T_PORT) {
		say_help(w->el, w->d, "a port is computed: port(%s, \"tcp\")", expr_shown(w->el, part));
		return true;
	}
	if (part && part->next && last->kind != EX_STRING && is_in(ADDRESS, w->t->tag)) {
		say_help(w->el, w->d, "an address is computed, not put together: lan.range[%s]", expr_shown(w->el, last));
		return true;
	}
	say_help(w->el, w->d, "write it without quotes: %s", part && !part->next ? expr_shown(w->el, part) : unquoted(w->el, w->v.u.STRING, w->t));
	return true;
}

static bool without_prefix(const struct wrong *w)
{
	struct cidr c;

	if (!cidr_parse(w->v.u.STRING, &c))
		return false;
	say_help(w->el, w->d, "an address has neither quotes nor a prefix: %.*s", STR_ARG(str_cut(w->v.u.STRING, '/', NULL)));
	return true;
}

static bool other_word(const struct wrong *w)
{
	if (!type_is_enum(w->t))
		return false;
	help_word(w->el, w->d, w->t, w->v.type == T_STRING ? w->v.u.STRING : w->v.type == V_NODE ? w->v.u.node->name.text : str_of(val_string(w->el, w->v)));
	return true;
}

/* restart = [always] */
static bool without_brackets(const struct wrong *w)
{
	const struct expr *one = w->e->kind == EX_LIST ? w->e->u.list.first : NULL;

	if (!one || one->next || one->kind == EX_LIST)
		return false;
	const char *shown = expr_shown(w->el, one);
	bool text = one->kind == EX_STRING || one->kind == EX_TEXT;
	if (one->kind == EX_TEXT && type_is_enum(w->t))
		return false;
	if (text && type_is_enum(w->t))
		shown = str_copy(w->el->a, one->u.text).s;
	else if (!text && is_in(B(T_STRING) | B(T_IMAGE) | B(T_IFNAME), w->t->tag))
		shown = str_fmt(w->el->a, one->kind == EX_NAME || one->kind == EX_MEMBER ? "\"${%s}\"" : "\"%s\"", shown).s;
	say_help(w->el, w->d, "one value stands here, without brackets: %s", shown);
	return true;
}

static bool a_size(const struct wrong *w)
{
	say_help(w->el, w->d, "give it a unit: %s", size_meant(w->el, w->v.u.INT));
	return true;
}

static bool list_of_one(const struct wrong *w)
{
	switch (w->t->tag) {
#define REFS(tag, one, kind, plural) case T_##tag:
#include "lang/ref.def"
		say_help(w->el, w->d, "write a list: [%.*s]", STR_ARG(w->v.u.node->name.text));
		return true;
	default:
		return false;
	}
}

static bool its_port(const struct wrong *w)
{
	if (is_container(w))
		help_port(w->el, w->d, w->v.u.node);
	return is_container(w);
}

static bool port_of_that_name(const struct wrong *w)
{
	if (w->e->kind != EX_MEMBER)
		return false;
	say_help(w->el, w->d, "this is a parameter or a field: its port of that name is %s.ports.%.*s", expr_shown(w->el, w->e->u.member.base),
		 STR_ARG(w->e->u.member.name.text));
	return true;
}

/* A volume, say, that is called like a port of its container. */
static bool port_of_its_block(const struct wrong *w)
{
	const struct node *n = w->v.u.node, *owner = n->parent;
	const struct cell *cell = owner && w->el->ports[owner->tag] && w->e->kind == EX_MEMBER ? node_cell(owner, w->el->ports[owner->tag]) : NULL;

	for (size_t i = 0; cell && i < cell->map.n; i++)
		if (str_eq(cell->map.at[i]->name.text, n->name.text)) {
			say_help(w->el, w->d, "this is its %.*s: its port of that name is %s.ports.%.*s", STR_ARG(n->kind->word), expr_shown(w->el, w->e->u.member.base), STR_ARG(n->name.text));
			return true;
		}
	return false;
}

/* tcp = 80 in a container's own block: which port it calls what. */
static bool own_port(const struct wrong *w)
{
	struct elab *el = w->el;
	const struct node *n = w->to->node;

	if (!n || !n->kind->word.n || n->tag == KIND_stack)
		return false;
	while (n && !el->ports[n->tag])
		n = n->parent;
	const struct cell *cell = n ? node_cell(n, el->ports[n->tag]) : NULL;
	int64_t number = w->v.type == T_INT ? w->v.u.INT : w->v.u.PORT.lo;

	for (size_t i = 0; cell && i < cell->map.n; i++) {
		struct val port = entry_value(el, (struct node *)(uintptr_t)n, el->ports[n->tag], cell->map.at[i], cell->map.at[i]->name.at);

		if (port.type == T_PORTREF && port.u.PORTREF.port.lo == number) {
			say_help(el, w->d, "this port is called %.*s", STR_ARG(cell->map.at[i]->name.text));
			return true;
		}
	}
	say_help(el, w->d, "name one of its own ports, as `ports` calls it");
	return true;
}

static bool one_limit(const struct wrong *w)
{
	say_help(w->el, w->d, "one number is both the soft and the hard limit: %u", w->v.u.OWNER.uid);
	return true;
}

/* ---- the table ---- */

#define RANGE (B(T_CIDR) | B(T_CIDR4) | B(T_CIDR6))
#define PORT_OF (B(T_PORTREF) | B(T_FLOWEND))
#define LITERAL (B(T_COUNT) - 1)
/* The first row that is meant is said. In a text %e is what was written, %v its value, %s the string that it is. */
static const struct {
	uint64_t takes, is;
	bool (*when)(const struct wrong *w);	/* or NULL */
	const char *text;			/* or NULL: */
	bool (*say)(const struct wrong *w);
} rows[] = {
	{0, B(V_LIST), NULL, NULL, without_brackets},
	{B(T_IP4), B(T_IP), NULL, NULL, other_family},
	{B(T_CIDR4), B(T_CIDR), NULL, NULL, other_family},
	{B(T_HOSTPORT), B(T_PORTREF), NULL, "the host's port stands on the left: publish 8080 -> %e", NULL},
	{B(T_HOSTPORT), B(V_NODE), is_container, "the host's port stands on the left: publish 8080 -> %e", NULL},
	{B(T_HOSTPORT), 0, is_pair, "a port of the host leads to one of a container: publish 127.0.0.1:8080 -> web.http", NULL},
	{B(T_PORT), 0, is_pair, "here stands the container's own port, 80/tcp; in the stack: publish 8080 -> web.http", NULL},
	{B(T_STRING), B(T_PORTREF), is_route, "the name stands on the left: route \"chat\" -> %e", NULL},
	{0, B(T_STRING), NULL, NULL, without_quotes},
	{ADDRESS, B(T_STRING), NULL, NULL, without_prefix},
	{B(T_OWNER), B(T_STRING), is_no_owner, "user and group are numbers: 0:0 is root", NULL},
	{0, B(T_STRING) | B(T_BOOL) | B(V_NODE) | B(T_INT), NULL, NULL, other_word},
	{B(T_NUMBER), B(T_DURATION) | B(T_PERCENT), is_cpu, "processors are counted: 0.5 is half of one", NULL},
	{B(T_SUBNETREF), B(T_CIDR) | B(T_IP), NULL, "here stands a subnet's name; its range stands in the stack: subnet lan { range = 10.0.0.0/24 }", NULL},
	{B(T_CIDR), B(T_IP), is_ip6, "give it the length of its prefix: %v/128 is this address alone", NULL},
	{B(T_CIDR), B(T_IP), NULL, "give it the length of its prefix: %v/32 is this address alone", NULL},
	{B(T_STRINGS), B(T_STRING), is_reference, "write a list: [%e]", NULL},
	{B(T_STRINGS), B(T_STRING), NULL, "write a list: [\"…\", \"…\"]", NULL},
	{B(T_OWNER), B(T_STRING), is_number, "give user and group: %s:%s", NULL},
	{B(T_STRING), B(V_LIST), is_reference, "make one text of it: join(%e, \",\")", NULL},
	{B(T_STRING), B(V_LIST), NULL, "make one text of it: join([…], \",\")", NULL},
	{B(T_SIZE), B(T_DURATION), is_minutes, "`m` is minutes: a size is written 512MiB or 1GiB", NULL},
	{RANGE, B(T_IP), is_ip6, "give it the length of its prefix: %v/64", NULL},
	{RANGE, B(T_IP), NULL, "give it the length of its prefix: %v/24", NULL},
	{ADDRESS, B(T_CIDR), is_reference, "an address in it is written %e[10]", NULL},
	{ADDRESS, B(T_CIDR), NULL, "an address has no `/` behind it", NULL},
	{B(T_SIZE) | B(T_SIZELIMIT), B(T_INT), NULL, NULL, a_size},
	{B(T_DURATION), B(T_INT), NULL, "give it a unit: %vs", NULL},
	{B(T_PORT), B(T_INT), is_reference, "give it a protocol: port(%e, \"tcp\")", NULL},
	{B(T_PORT), B(T_INT), NULL, "give it a protocol: %v/tcp", NULL},
	{B(T_INT), B(T_PORT), is_reference, "a number stands here: %e.number", NULL},
	{B(T_INT), B(T_PORT), NULL, "the number stands here alone, without a protocol", NULL},
	{B(V_LIST), B(V_MAP), NULL, "the type of a map is map<T>; its values alone are values(…)", NULL},
	{B(V_MAP), B(V_LIST), NULL, "the type of a list is list<T>", NULL},
	{B(T_STRING), B(V_NODE), is_computed, "a text stands in quotes: \"%e\"", NULL},
	{PORT_OF, B(V_NODE), is_proxy, "it is the container that runs the proxy: name that, and its port", NULL},
	{B(T_SECRETREF), B(T_PATH), NULL, "it stands in the stack, and here its name: secret NAME { file = %v }", NULL},
	{B(T_OWNER), B(T_INT), NULL, "give user and group: %v:%v", NULL},
	{B(T_MODE), B(T_INT), NULL, "a mode begins with 0: 0%v", NULL},
	{B(T_STRING) | B(T_IMAGE) | B(T_IFNAME), LITERAL, is_reference, "a string stands in quotes: \"${%e}\"", NULL},
	{B(T_STRING) | B(T_IMAGE) | B(T_IFNAME), LITERAL, NULL, "a string stands in quotes: \"%v\"", NULL},
	{B(T_DNS), B(T_IP), NULL, "write a list: [%v]", NULL},
	{B(T_IPS), B(T_IP), NULL, "write a list: [%e]", NULL},
	{B(T_CIDRS), B(T_CIDR), NULL, "write a list: [%e]", NULL},
	{B(V_LIST), LITERAL, NULL, "write a list: [%e]", NULL},
	{B(T_SECRETREF), B(V_ENTRIES) | B(V_ABSENT), is_name, "`%e` is the container's own here: call the secret something else", NULL},
	{PORT_OF, B(V_NODE), NULL, NULL, port_of_its_block},
	{0, B(V_NODE), NULL, NULL, list_of_one},
	{B(T_PORTREF), B(V_NODE), NULL, NULL, its_port},
	{B(T_PORTREF), B(T_STRING), is_url, "it leads to a port of a container: chat.http; what runs elsewhere is not served", NULL},
	{0, B(V_MAP), is_tls, "the email is the proxy's: tls = acme here, and email = \"…\" in the proxy", NULL},
	{PORT_OF, B(T_PORT), NULL, NULL, port_of_that_name},
	{B(T_PORTREF), B(T_PORT) | B(T_INT), NULL, NULL, own_port},
	{B(T_HOSTPORT), B(T_IP), is_ip6, "an address of IPv6 stands in brackets, and the port behind it: [::1]:8080", NULL},
	{B(T_HOSTPORT), B(T_IP), NULL, "the port stands behind the address: %v:8080", NULL},
	{B(T_REMOTE), B(T_IP), is_ip6, "an address of IPv6 stands in brackets, and the port behind it: [%v]:51820", NULL},
	{B(T_REMOTE), B(T_IP), NULL, "the port stands behind the address: %v:51820", NULL},
	{B(T_REMOTE), LITERAL, NULL, "it is an address and a port, 203.0.113.1:51820, or a name and a port, \"vpn.example.org:51820\"", NULL},
	{B(T_ENDPOINT), B(T_STRING), NULL, "it is an address and a port: 203.0.113.1:51820", NULL},
	{B(T_SECRETREF), B(T_STRING), NULL, "the bytes are not written here: secret NAME { file = /root/NAME } in the stack, and here its name", NULL},
	{B(T_STRINGS), B(T_PATH), NULL, "write a list: [\"%v\"]", NULL},
	{B(T_COUNTLIMIT), B(T_OWNER), NULL, NULL, one_limit},
	{B(T_STRING), B(V_NODE), is_name, "a string stands in quotes: \"%e\"", NULL},
	{(B(T_FLOWEND) - 1) & ~B(T_STRING), B(V_NODE), is_nearer, "here it is the block of this name; a value with a name of its own can stand here: let %e-value = …", NULL},
	{B(T_STRING), B(V_NONE), NULL, "leave it out, or write the empty text: \"\"", NULL},
	{B(T_NETWORK), B(V_NONE), NULL, "a container has a network of its own, from which nothing leaves but what an `allow` names: leave it out", NULL},
	{0, B(V_FILE), NULL, "in it are stacks, and containers in these: %e.STACK.CONTAINER", NULL},
	{B(T_FLOWEND), B(V_LIST), is_reference, "one line each: for x in %e { … x … }", NULL},
	{B(T_FLOWEND), B(V_LIST), NULL, "one line each: for x in [a, b] { … x … }", NULL},
	{B(T_FLOWEND), B(T_ENDPOINT), NULL, "`world` is whatever is not on this host; an address of it cannot be told apart: world:53/udp", NULL},
	{B(T_FLOWEND), B(T_CIDR) | B(T_IP), NULL, "`world` is whatever is not on this host; an address of it cannot be told apart", NULL},
	{B(T_PORTREF), B(T_ENDPOINT) | B(T_IP), NULL, "a container is named, not its address: web.http", NULL},
	{PORT_OF, B(T_INT), NULL, "name whose port it is: CONTAINER:%v/tcp", NULL},
	{PORT_OF, B(T_PORT), NULL, "name whose port it is: CONTAINER:%v", NULL},
	/* how a value of the type is written */
	{B(T_BOOL), LITERAL, NULL, "write `true` or `false`", NULL},
	{B(T_INT) | B(T_COUNTLIMIT), LITERAL, NULL, "it is a whole number, without a unit: 100", NULL},
	{B(T_NUMBER) | B(T_FLOAT), LITERAL, NULL, "it is a number without a unit: 2, or 0.5", NULL},
	{B(T_SIZE) | B(T_SIZELIMIT), LITERAL, NULL, "a size has a unit: 512MiB, 1GiB, 10GB", NULL},
	{B(T_DURATION), LITERAL, NULL, "a duration has a unit: 500ms, 30s, 1h30m", NULL},
	{B(T_PERCENT), LITERAL, NULL, "it is a part of a hundred: 50%%", NULL},
	{ADDRESS, LITERAL, NULL, "an address is written in numbers: 10.0.0.2, or fd00::2", NULL},
	{RANGE, LITERAL, NULL, "a network is written 10.0.0.0/24, or fd00::/64", NULL},
	{B(T_MAC), LITERAL, NULL, "it is written 02:42:ac:11:00:02", NULL},
	{B(T_PORT), LITERAL, NULL, "it is a port and its protocol: 80/tcp", NULL},
	{B(T_HOSTPORT), LITERAL, NULL, "it is a port, or an address and a port: 8080, or 127.0.0.1:8080", NULL},
	{B(T_ENDPOINT), LITERAL, NULL, "it is an address and a port: 203.0.113.1:51820", NULL},
	{B(T_PATH), LITERAL, NULL, "a path begins with `/`: /srv/data", NULL},
	{B(T_OWNER), LITERAL, NULL, "user and group are numbers: 1000:1000", NULL},
	{B(T_STRINGS), LITERAL, NULL, "write a list: [\"…\", \"…\"]", NULL},
};

static void say_text(const struct wrong *w, const char *text)
{
	struct buf b = {0};

	for (const char *s = text; *s; s++) {
		if (*s != '%')
			buf_add(&b, s, 1);
		else if (*++s == '%')
			buf_add(&b, s, 1);
		else if (*s == 'e')
			buf_str(&b, str_of(expr_shown(w->el, w->e)));
		else if (*s == 'v')
			buf_str(&b, str_of(val_string(w->el, w->v)));
		else
			buf_str(&b, w->v.u.STRING);
	}
	say_help(w->el, w->d, "%s", buf_take(&b, w->el->a).s);
}

void help_mismatch(struct elab *el, struct diag *d, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	const struct wrong w = {el, d, v, e, t, to};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!is_in(rows[i].takes, t->tag) || !is_in(rows[i].is, v.type) || (rows[i].when && !rows[i].when(&w)))
			continue;
		if (rows[i].text)
			say_text(&w, rows[i].text);
		if (rows[i].text || rows[i].say(&w))
			return;
	}
}
