/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of a value that is of another type than is asked for, and what to do about it. */
#include "compiler/elab.h"

const char *type_text(struct elab *el, const struct type *t)
{
	struct buf b = {0};

	type_shown(t, &b);
	return buf_take(&b, el->a).s;
}

const char *val_string(struct elab *el, struct val v)
{
	struct buf b = {0};

	val_text(v, &b);
	return buf_take(&b, el->a).s;
}

bool type_is_enum(const struct type *t)
{
	return t->tag < T_COUNT && type_has_words((enum type_tag)t->tag);
}

/* ---- what to do about a value of another type ---- */

/* Whether a text without its quotes would be a literal of the type, as far as can be seen from here. */
static bool is_unquoted(struct str s, const struct type *t)
{
	bool number = s.n > 0 && s.s[0] >= '0' && s.s[0] <= '9' && !str_has(s, ' ');
	bool pair = number && str_has(s, ':');
	struct addr a;
	struct cidr c;

	switch (t->tag) {
	case T_PATH:
		return !path_wrong(s);
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
	return strspn(last.s, "0123456789") >= last.n && strspn(before.s, "0123456789") >= before.n;
}

static bool is_refs(const struct type *t)
{
	switch (t->tag) {
#define REFS(tag, one, kind, plural) case T_##tag:
#include "lang/ref.def"
		return true;
	default:
		return false;
	}
}

/* A text that would be a literal without its quotes, as that is written here: "64m" -> 64MiB, "1777" -> 01777. */
static const char *unquoted(struct elab *el, struct str s, const struct type *t)
{
	static const char letters[] = "kmgt", *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	size_t digits = strspn(s.s, "0123456789.");
	bool size = t->tag == T_SIZE || t->tag == T_SIZELIMIT;
	const char *unit = digits + 1 == s.n ? strchr(letters, s.s[digits] | 0x20) : NULL;

	digits = digits < s.n ? digits : s.n;
	if (size && unit)
		return str_fmt(el->a, "%.*s%s", (int)digits, s.s, units[unit - letters]).s;
	if (digits == s.n && (size || t->tag == T_DURATION || t->tag == T_PORT))
		return str_fmt(el->a, "%.*s%s", STR_ARG(s), size ? "MiB" : t->tag == T_PORT ? "/tcp" : "s").s;
	return str_fmt(el->a, "%s%.*s", t->tag == T_MODE && s.s[0] != '0' ? "0" : "", STR_ARG(s)).s;
}

/* A number of bytes, or of what people count memory in. */
static const char *as_size(struct elab *el, int64_t n)
{
	struct buf b = {0};

	if (n < 1 << 20)
		return n < 1 ? "512MiB, or leave it out where there is no limit" : str_fmt(el->a, "%lldMiB", (long long)n).s;
	size_text(n, &b);
	return buf_take(&b, el->a).s;
}

/* address = fd00::2: the field of the other family, where there is one. */
static const char *field_of_family(struct elab *el, struct val v, const struct type *t, const struct target *to)
{
	bool four = (t->tag == T_IP4 && v.type == T_IP) || (t->tag == T_CIDR4 && v.type == T_CIDR);
	struct str other = str_fmt(el->a, "%.*s6", STR_ARG(to->name));

	return four && to->node && map_get(&el->rows[to->node->tag], other) ? other.s : NULL;
}

/* tcp = 80 in a container's own block: which port it calls what. */
static bool help_own_port(struct elab *el, struct diag *d, struct val v, const struct target *to)
{
	const struct node *n = to->node;

	if (!n || !n->kind->word.n || n->tag == KIND_stack)
		return false;
	while (n && !el->ports[n->tag])
		n = n->parent;
	const struct cell *cell = n ? node_cell(n, el->ports[n->tag]) : NULL;
	int64_t number = v.type == T_INT ? v.u.INT : v.u.PORT.lo;

	for (size_t i = 0; cell && i < cell->map.n; i++) {
		struct val port = entry_value(el, (struct node *)(uintptr_t)n, el->ports[n->tag], cell->map.at[i], cell->map.at[i]->name.at);

		if (port.type == T_PORTREF && port.u.PORTREF.port.lo == number) {
			say_help(el, d, "this port is called %.*s", STR_ARG(cell->map.at[i]->name.text));
			return true;
		}
	}
	say_help(el, d, "name one of its own ports, as `ports` calls it");
	return true;
}

static void help_mismatch(struct elab *el, struct diag *d, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	bool reference = e->kind == EX_NAME || e->kind == EX_MEMBER;

	if (field_of_family(el, v, t, to))
		say_help(el, d, "one of IPv6 stands in its own field: %s = %s", field_of_family(el, v, t, to), reference ? expr_shown(el, e) : val_string(el, v));
	else if (t->tag == T_HOSTPORT && (v.type == T_PORTREF || (v.type == V_NODE && v.u.node->tag == KIND_container)))
		say_help(el, d, "the host's port stands on the left: publish 8080 -> %s", expr_shown(el, e));
	else if (t->tag == T_HOSTPORT && is_pair_of_ports(v))
		say_help(el, d, "a port of the host leads to one of a container: publish 127.0.0.1:8080 -> web.http");
	else if (t->tag == T_PORT && is_pair_of_ports(v))
		say_help(el, d, "here stands the container's own port, 80/tcp; in the stack: publish 8080 -> web.http");
	else if (v.type == T_STRING && v.u.STRING.n < 64 && is_unquoted(v.u.STRING, t))
		say_help(el, d, "write it without quotes: %s", unquoted(el, v.u.STRING, t));
	else if (v.type == T_STRING && (t->tag == T_IP || t->tag == T_IP4 || t->tag == T_IP6) && cidr_parse(v.u.STRING, &(struct cidr){0}))
		say_help(el, d, "an address has neither quotes nor a prefix: %.*s", STR_ARG(str_cut(v.u.STRING, '/', NULL)));
	else if (t->tag == T_OWNER && v.type == T_STRING && strspn(v.u.STRING.s, "0123456789:") < v.u.STRING.n)
		say_help(el, d, "user and group are numbers: 0:0 is root");
	else if (type_is_enum(t) && (v.type == T_STRING || v.type == T_BOOL || v.type == V_NODE))
		help_word(el, d, t, v.type == T_STRING ? v.u.STRING : v.type == V_NODE ? v.u.node->name.text : v.u.BOOL ? STR("true") : STR("false"));
	else if (t->tag == T_NUMBER && (v.type == T_DURATION || v.type == T_PERCENT) && str_is(to->name, "cpu"))
		say_help(el, d, "processors are counted: 0.5 is half of one");
	else if (t->tag == T_SUBNETREF && (v.type == T_CIDR || v.type == T_IP))
		say_help(el, d, "here stands a subnet's name; its range stands in the stack: subnet lan { range = 10.0.0.0/24 }");
	else if (t->tag == T_CIDR && v.type == T_IP)
		say_help(el, d, "give it the length of its prefix: %s/%d is this address alone", val_string(el, v), v.u.IP.family == 4 ? 32 : 128);
	else if (v.type == T_STRING && t->tag == T_STRINGS)
		say_help(el, d, "write a list: [%s]", reference ? expr_shown(el, e) : "\"…\", \"…\"");
	else if (t->tag == T_OWNER && v.type == T_STRING && strspn(v.u.STRING.s, "0123456789") >= v.u.STRING.n)
		say_help(el, d, "give user and group: %.*s:%.*s", STR_ARG(v.u.STRING), STR_ARG(v.u.STRING));
	else if (t->tag == T_STRING && v.type == V_LIST)
		say_help(el, d, "make one text of it: join(%s, \",\")", reference ? expr_shown(el, e) : "[…]");
	else if (t->tag == T_SIZE && v.type == T_DURATION && e->kind == EX_DURATION)
		say_help(el, d, "`m` is minutes: a size is written 512MiB or 1GiB");
	else if ((t->tag == T_CIDR || t->tag == T_CIDR4 || t->tag == T_CIDR6) && v.type == T_IP)
		say_help(el, d, "give it the length of its prefix: %s/%d", val_string(el, v), v.u.IP.family == 4 ? 24 : 64);
	else if ((t->tag == T_IP || t->tag == T_IP4 || t->tag == T_IP6) && v.type == T_CIDR)
		say_help(el, d, reference ? "an address in it is written %s[10]" : "an address has no `/` behind it", expr_shown(el, e));
	else if ((t->tag == T_SIZE || t->tag == T_SIZELIMIT) && v.type == T_INT)
		say_help(el, d, "give it a unit: %s", as_size(el, v.u.INT));
	else if (t->tag == T_DURATION && v.type == T_INT)
		say_help(el, d, "give it a unit: %llds", (long long)v.u.INT);
	else if (t->tag == T_PORT && v.type == T_INT)
		say_help(el, d, "give it a protocol: %lld/tcp", (long long)v.u.INT);
	else if (t->tag == T_OWNER && v.type == T_INT)
		say_help(el, d, "give user and group: %lld:%lld", (long long)v.u.INT, (long long)v.u.INT);
	else if (t->tag == T_MODE && v.type == T_INT)
		say_help(el, d, "a mode begins with 0: 0%lld", (long long)v.u.INT);
	else if ((t->tag == T_STRING || t->tag == T_IMAGE || t->tag == T_IFNAME) && v.type < T_COUNT)
		say_help(el, d,
			 reference ? "a string stands in quotes: \"${%s}\"" : "a string stands in quotes: \"%s\"",
			 reference ? expr_shown(el, e) : val_string(el, v));
	else if (t->tag == T_DNS && v.type == T_IP)
		say_help(el, d, "write a list: [%s]", val_string(el, v));
	else if (is_refs(t) && v.type == V_NODE)
		say_help(el, d, "write a list: [%.*s]", STR_ARG(v.u.node->name.text));
	else if (t->tag == T_PORTREF && v.type == V_NODE && v.u.node->tag == KIND_container)
		help_port(el, d, v.u.node);
	else if ((t->tag == T_PORTREF || t->tag == T_FLOWEND) && v.type == T_PORT && e->kind == EX_MEMBER)
		say_help(el, d, "this is a parameter or a field: its port of that name is %s.ports.%.*s", expr_shown(el, e->u.member.base), STR_ARG(e->u.member.name.text));
	else if (t->tag == T_PORTREF && (v.type == T_PORT || v.type == T_INT) && help_own_port(el, d, v, to))
		;
	else if (t->tag == T_PATH && v.type == T_STRING && path_wrong(v.u.STRING))
		say_help(el, d, "%s", path_wrong(v.u.STRING));
	else if (t->tag == T_HOSTPORT && v.type == T_IP)
		say_help(el, d, v.u.IP.family == 6 ? "an address of IPv6 stands in brackets, and the port behind it: [::1]:8080" : "the port stands behind the address: %s:8080", val_string(el, v));
	else if (t->tag == T_ENDPOINT && v.type == T_STRING)
		say_help(el, d, "it is an address and a port: 203.0.113.1:51820");
	else if (t->tag == T_SECRETREF && v.type == T_STRING)
		say_help(el, d, "the bytes are not written here: secret NAME { file = /root/NAME } in the stack, and here its name");
	else if (t->tag == T_STRINGS && v.type == T_PATH)
		say_help(el, d, "write a list: [\"%s\"]", val_string(el, v));
	else if (t->tag == T_COUNTLIMIT && v.type == T_OWNER)
		say_help(el, d, "one number is both the soft and the hard limit: %u", v.u.OWNER.uid);
	else if (t->tag == T_STRING && v.type == V_NODE && e->kind == EX_NAME)
		say_help(el, d, "a string stands in quotes: \"%.*s\"", STR_ARG(e->u.text));
	else if (t->tag == T_STRING && v.type == V_NONE)
		say_help(el, d, "leave it out, or write the empty text: \"\"");
	else if (t->tag == T_NETWORK && v.type == V_NONE)
		say_help(el, d, "a container has a network of its own, from which nothing leaves but what an `allow` names: leave it out");
	else if (v.type == V_FILE)
		say_help(el, d, "in it are stacks, and containers in these: %s.STACK.CONTAINER", expr_shown(el, e));
	else if (t->tag == T_FLOWEND && v.type == V_LIST)
		say_help(el, d, "one line each: for x in %s { … x … }", reference ? expr_shown(el, e) : "[a, b]");
	else if (t->tag == T_FLOWEND && v.type == T_ENDPOINT)
		say_help(el, d, "`world` is whatever is not on this host; an address of it cannot be told apart: world:53/udp");
	else if (t->tag == T_FLOWEND && (v.type == T_CIDR || v.type == T_IP))
		say_help(el, d, "`world` is whatever is not on this host; an address of it cannot be told apart");
	else if ((t->tag == T_PORTREF || t->tag == T_FLOWEND) && (v.type == T_PORT || v.type == T_INT))
		say_help(el, d, "name whose port it is: CONTAINER:%s%s", val_string(el, v),
			 v.type == T_INT ? "/tcp" : "");
}

bool is_secret(struct val v)
{
	return v.type == V_NODE && v.u.node->tag == KIND_secret;
}

void secret_refused(struct elab *el, struct val v, struct span at, const char *where)
{
	struct str name = v.u.node->name.text;
	struct diag *d = say(el, DIAG_secret_text, at, "the bytes of secret `%.*s` cannot be in %s", STR_ARG(name), where);

	say_help(el, d, "a container is given a secret as a file (secret %.*s -> /run/secrets/%.*s) or as environment (env-files = [%.*s])", STR_ARG(name), STR_ARG(name),
		 STR_ARG(name));
}

struct val mismatch(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	enum diag_code code = v.type == V_NONE || v.type == V_ABSENT ? DIAG_value_none : DIAG_type_mismatch;

	if (is_secret(v) && t->tag != T_SECRETREFS) {
		secret_refused(el, v, e->at, str_fmt(el->a, "`%.*s`", STR_ARG(to->name)).s);
		return val_poison();
	}
	struct diag *d = say(el, code, e->at, type_is_enum(t) ? "`%.*s` is %s, not %s" : "`%.*s` takes %s, not %s",
			     STR_ARG(to->name), type_text(el, t), val_shown(v));

	say_label(el, d, "%s", code == DIAG_value_none ? "not set" : val_shown(v));
	help_mismatch(el, d, v, e, t, to);
	return val_poison();
}

static struct str str_lower(struct arena *a, struct str s)
{
	struct str lower = str_copy(a, s);

	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] >= 'A' && s.s[i] <= 'Z')
			((char *)(uintptr_t)lower.s)[i] = (char)(s.s[i] | 0x20);
	return lower;
}

struct val ill_formed(struct elab *el, enum diag_code code, const char *wrong, struct str s, const struct expr *e,
		      const struct target *to)
{
	struct diag *d = s.n == 0 ? say(el, code, e->at, "`%.*s` cannot be empty", STR_ARG(to->name)) :
			 s.n > 80 ? say(el, code, e->at, "`%.*s` cannot be this: %s", STR_ARG(to->name), wrong) :
				    say(el, code, e->at, "`%.*s` cannot be `%.*s`: %s", STR_ARG(to->name), STR_ARG(s), wrong);
	struct str lower = str_lower(el->a, s);

	if (code == DIAG_image_form && s.n && !form_image(lower))
		say_help(el, d, "did you mean \"%.*s\"?", STR_ARG(lower));
	return val_poison();
}
