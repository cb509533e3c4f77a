/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A tree written down in a line, without spans: for tests that compare trees. */
#ifndef CTC_TESTS_TREE_H
#define CTC_TESTS_TREE_H

#include "lang/ast.h"

static inline void tree_entries(struct buf *out, const struct entry_list *list);
static inline void tree_type(struct buf *out, const struct type_expr *t);

static inline void tree_str(struct buf *out, struct str s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] == '\n')
			buf_puts(out, "\\n");
		else
			buf_addc(out, s.s[i]);
	}
	buf_addc(out, '"');
}

static inline void tree_expr(struct buf *out, const struct expr *e)
{
	static const char *const ops[] = {"or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "%", "??", "not", "-"};
	char text[CIDR_TEXT_MAX];
	const char *blank = "";

	if (!e) {
		buf_puts(out, "-");
		return;
	}
	switch (e->kind) {
	case EX_BAD:
		buf_puts(out, "bad");
		break;
	case EX_BOOL:
		buf_puts(out, e->u.boolean ? "true" : "false");
		break;
	case EX_NONE:
		buf_puts(out, "none");
		break;
	case EX_INT:
		buf_fmt(out, e->u.octal ? "0%llo" : "%lld", (long long)e->u.integer);
		break;
	case EX_FLOAT:
		buf_fmt(out, "%.17g", e->u.number);
		break;
	case EX_PERCENT:
		buf_fmt(out, "%.17g%%", e->u.number);
		break;
	case EX_STRING:
		tree_str(out, e->u.text);
		break;
	case EX_SIZE:
		size_text(e->u.integer, out);
		break;
	case EX_DURATION:
		duration_text(e->u.integer, out);
		break;
	case EX_IP:
		buf_fmt(out, "ip:%s", addr_text(e->u.addr, text));
		break;
	case EX_CIDR:
		buf_fmt(out, "net:%s", cidr_text(e->u.cidr, text));
		break;
	case EX_MAC:
		for (size_t i = 0; i < 6; i++)
			buf_fmt(out, "%s%02x", i ? ":" : "mac:", e->u.mac.b[i]);
		break;
	case EX_PORT:
		buf_puts(out, "port:");
		port_text(e->u.port, out);
		break;
	case EX_ENDPOINT:
		buf_puts(out, "end:");
		endpoint_text(e->u.endpoint, out);
		break;
	case EX_PATH:
		buf_fmt(out, "path:%.*s", STR_ARG(e->u.text));
		break;
	case EX_OWNER:
		buf_fmt(out, "owner:%u:%u", e->u.owner.uid, e->u.owner.gid);
		break;
	case EX_NAME:
		buf_str(out, e->u.text);
		break;
	case EX_MEMBER:
		tree_expr(out, e->u.member.base);
		buf_fmt(out, ".%.*s", STR_ARG(e->u.member.name.text));
		break;
	case EX_PORT_OF:
		tree_expr(out, e->u.port_of.base);
		buf_addc(out, '@');
		port_text(e->u.port_of.port, out);
		break;
	case EX_INDEX:
		tree_expr(out, e->u.index.base);
		buf_addc(out, '[');
		tree_expr(out, e->u.index.index);
		buf_addc(out, ']');
		break;
	case EX_CALL:
		buf_fmt(out, "%.*s(", STR_ARG(e->u.call.function.text));
		for (const struct expr *i = e->u.call.args.first; i; i = i->next, blank = " ") {
			buf_puts(out, blank);
			tree_expr(out, i);
		}
		buf_addc(out, ')');
		break;
	case EX_UNARY:
	case EX_BINARY:
		buf_fmt(out, "(%s ", ops[e->u.op.op]);
		tree_expr(out, e->u.op.left);
		if (e->u.op.right) {
			buf_addc(out, ' ');
			tree_expr(out, e->u.op.right);
		}
		buf_addc(out, ')');
		break;
	case EX_COND:
		buf_puts(out, "(if ");
		tree_expr(out, e->u.cond.condition);
		buf_addc(out, ' ');
		tree_expr(out, e->u.cond.yes);
		buf_addc(out, ' ');
		tree_expr(out, e->u.cond.no);
		buf_addc(out, ')');
		break;
	case EX_TEXT:
	case EX_COMPUTED:
	case EX_LIST:
		buf_puts(out, e->kind == EX_TEXT ? "text[" : e->kind == EX_COMPUTED ? "name[" : "[");
		for (const struct expr *i = e->u.list.first; i; i = i->next, blank = " ") {
			buf_puts(out, blank);
			tree_expr(out, i);
		}
		buf_addc(out, ']');
		break;
	case EX_MAP:
		tree_entries(out, &e->u.map);
		break;
	case EX_COMPREHENSION:
		buf_fmt(out, "(each %.*s ", STR_ARG(e->u.loop.loop->name.text));
		if (e->u.loop.loop->second.text.n)
			buf_fmt(out, "%.*s ", STR_ARG(e->u.loop.loop->second.text));
		tree_expr(out, e->u.loop.loop->list);
		buf_addc(out, ' ');
		tree_expr(out, e->u.loop.loop->condition);
		buf_addc(out, ' ');
		if (e->u.loop.key) {
			tree_expr(out, e->u.loop.key);
			buf_puts(out, " = ");
		}
		tree_expr(out, e->u.loop.body);
		buf_addc(out, ')');
		break;
	}
}

static inline void tree_type(struct buf *out, const struct type_expr *t)
{
	if (!t) {
		buf_puts(out, "-");
		return;
	}
	switch (t->form) {
	case TF_BAD:
		buf_puts(out, "bad");
		break;
	case TF_NAME:
		buf_str(out, t->name.text);
		break;
	case TF_LIST:
	case TF_MAP:
		buf_puts(out, t->form == TF_LIST ? "list<" : "map<");
		tree_type(out, t->of);
		buf_addc(out, '>');
		break;
	case TF_OPTIONAL:
		tree_type(out, t->of);
		buf_addc(out, '?');
		break;
	case TF_ENUM:
		for (const struct expr *i = t->words.first; i; i = i->next) {
			tree_expr(out, i);
			buf_puts(out, i->next ? "|" : "");
		}
		break;
	case TF_RECORD:
		tree_entries(out, &t->fields);
		break;
	case TF_RANGE:
		tree_type(out, t->of);
		buf_puts(out, " in ");
		tree_expr(out, t->lo);
		buf_puts(out, "..");
		tree_expr(out, t->hi);
		break;
	}
}

static inline void tree_entry(struct buf *out, const struct entry *e)
{
	static const char *const words[] = {"field", "block", "arrow", "let",	 "param", "input", "output",
					    "for",   "if",    "assert", "use", "template", "type"};

	buf_fmt(out, "%s %.*s ", words[e->kind], STR_ARG(entry_word(e).text));
	switch (e->kind) {
	case EN_BLOCK:
		tree_expr(out, e->name);
		buf_addc(out, ' ');
		/* fall through */
	case EN_TEMPLATE:
		tree_expr(out, e->base);
		buf_addc(out, ' ');
		tree_entries(out, &e->body);
		break;
	case EN_ARROW:
		buf_fmt(out, "%.*s<", STR_ARG(entry_mode(e).text));
		tree_expr(out, e->left);
		buf_addc(out, ' ');
		tree_expr(out, e->right);
		buf_addc(out, '>');
		if (e->has_body)
			tree_entries(out, &e->body);
		break;
	case EN_LET:
	case EN_PARAM:
	case EN_INPUT:
	case EN_TYPE:
		tree_type(out, e->type);
		if (e->kind != EN_TYPE) {
			buf_addc(out, ' ');
			tree_expr(out, e->value);
		}
		break;
	case EN_FOR:
	case EN_IF:
		if (e->kind == EN_FOR && e->second.text.n)
			buf_fmt(out, "%.*s ", STR_ARG(e->second.text));
		tree_expr(out, e->value);
		buf_addc(out, ' ');
		tree_entries(out, &e->body);
		if (e->kind == EN_IF)
			tree_entries(out, &e->other);
		break;
	default:
		if (e->kind == EN_FIELD && computed_name(e)) {
			tree_expr(out, computed_name(e));
			buf_addc(out, ' ');
		}
		tree_expr(out, e->value);
		if (e->kind == EN_ASSERT) {
			buf_addc(out, ' ');
			tree_expr(out, e->message);
		}
	}
	if ((e->kind == EN_PARAM || e->kind == EN_INPUT || e->kind == EN_TEMPLATE || e->kind == EN_TYPE) && e->doc.n) {
		buf_addc(out, ' ');
		tree_str(out, e->doc);
	}
}

static inline void tree_entries(struct buf *out, const struct entry_list *list)
{
	buf_addc(out, '{');
	for (const struct entry *e = list->first; e; e = e->next) {
		tree_entry(out, e);
		buf_puts(out, e->next ? "; " : "");
	}
	buf_addc(out, '}');
}

#endif
