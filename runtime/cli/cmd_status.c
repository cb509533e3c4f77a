/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc status [STACK[.CONTAINER]…]: the generation that counts, what its containers do, and whether the host is still as it says. Looks only. */
#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "lang/base/map.h"
#include "runtime/prom.h"
#include "runtime/bind.h"
#include "runtime/bus.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/select.h"
#include "runtime/confirm.h"
#include "runtime/order.h"
#include "runtime/show.h"
#include "runtime/unit.h"
#include "runtime/view.h"

struct status {
	struct session s;
	struct bus_units units;
	struct bus_prop *since;		/* one a container, in the manifest's order */
	char **names;			/* what was asked for, nnames of them; none: everything */
	int nnames;
	struct map asked;		/* the containers that are meant by it */
	struct map published;		/* container -> struct opened */
	struct manifest observed;
	struct plan drift;		/* from the host to the current generation */
	bool cut_off;			/* a journal is there, and nobody at work on it */
	bool busy;			/* another ctc is at work */
	struct str said;		/* the last that it told */
	enum confirm_state confirm;
	struct pending pending;
	int64_t left_us;		/* until the pending change goes back */
	struct err e;
};

static int read_units(struct status *st)
{
	static const char *const patterns[] = {"ct-*", NULL};
	struct session *s = &st->s;
	size_t n = s->recorded.first[RES_container + 1] - s->recorded.first[RES_container], k = 0;
	const struct res_container *c;

	st->since = arena_array(&s->arena, n + 1, sizeof *st->since);
	manifest_each(container, c, &s->recorded)
		st->since[k++] = (struct bus_prop){.unit = str_copy(&s->arena, c->unit).s, .interface = BUS_UNIT, .name = "StateChangeTimestamp", .type = 't'};
	int r = bus_list_units(&s->host, &s->arena, patterns, &st->units, &st->e);
	return r < 0 ? r : bus_get_props(&s->host, &s->arena, st->since, n, &st->e);
}

/* The published ports of a container, linked. */
struct opened {
	const struct res_publish *publish;
	struct opened *next;
};

/* By container, in the manifest's order. */
static void read_published(struct status *st)
{
	struct manifest *m = &st->s.recorded;

	for (size_t i = m->first[RES_publish + 1]; i-- > m->first[RES_publish];) {
		struct opened *o = arena_new(&st->s.arena, struct opened);

		o->publish = (const struct res_publish *)m->all.at[i];
		o->next = map_get(&st->published, o->publish->to);
		map_set(&st->s.arena, &st->published, o->publish->to, o);
	}
}

static int read_asked(struct status *st)
{
	struct selected which;
	int r = select_containers(&st->s, st->names, st->nnames, &which, &st->e);

	if (r == 0)
		vec_each(const struct res_container *const, c, &which.all)
			map_add(&st->s.arena, &st->asked, (*c)->res.id, (void *)*c);
	return r;
}

static bool is_asked(const struct status *st, struct str container)
{
	return st->nnames == 0 || map_get(&st->asked, container);
}

static void read_said(struct status *st)
{
	struct follower f;
	struct ending ending;
	struct str line;
	struct err ignored;

	if (follower_begin(&st->s.store, &f, &ignored) < 0)
		return;
	while (follower_next(&f, &st->s.arena, &line, &ending) == 1)
		st->said = line;
	follower_end(&f);
}

static int read_all(struct status *st)
{
	struct session *s = &st->s;
	struct journal j;
	int r = session_look(s, &st->e);

	if (r < 0 || s->store.state_fd < 0)
		return r;
	r = host_check(&s->host, NULL, &st->e);
	if (r == 0)
		r = store_journal_read(&s->store, &s->arena, &st->cut_off, &j, &st->e);
	st->busy = r == 0 && store_locked_by_other(&s->store);
	st->cut_off &= !st->busy;
	if (st->busy)
		read_said(st);
	if (r == 0)
		r = confirm_look(&s->host, &s->store, &s->arena, &st->confirm, &st->pending, &st->left_us, &st->e);
	if (r == 0)
		r = read_asked(st);
	if (r == 0)
		r = read_units(st);
	st->observed.arena = &s->arena;
	read_published(st);
	if (r == 0)
		r = observe(&s->host, &s->recorded, &s->recorded, 0, &st->observed, &st->e);
	if (r == 0)
		plan_make(&s->arena, &st->observed, &s->recorded, &st->drift);
	return r;
}

static const char *drift_word(enum change_op op)
{
	return op == OP_CREATE ? "missing" : op == OP_DELETE ? "foreign" : "different";
}

/* "running", "finished" of one that runs once, "failed", "auto-restart", "dead", also of one that systemd has not looked at yet since nobody started it; "absent" where there is no such unit. */
static struct str state_of(const struct status *st, const struct res_container *c)
{
	const struct bus_unit *u = bus_units_find(&st->units, c->unit);
	const struct res_unit *is = (const struct res_unit *)manifest_find(&st->observed, RES_unit, c->unit);

	if (!u || str_is(u->load, "not-found"))
		return is ? STR("dead") : STR("absent");
	if (is && is->finished)
		return STR("finished");
	if (is && unit_runs_once(is) && str_starts(u->sub, STR("start"))) /* its start is all of it */
		return STR("running");
	return str_is(u->active, "failed") ? u->active : u->sub;
}

static bool is_well(const struct status *st, const struct res_container *c)
{
	const struct bus_unit *u = bus_units_find(&st->units, c->unit);

	return u && str_is(u->active, "active");
}

static const char *since_text(const struct bus_prop *p, char out[SESSION_TIME_MAX])
{
	if (p->error || !p->number)
		return "-";
	return session_time((int64_t)(p->number / 1000000), out);
}

static void text_published(const struct status *st, struct str id, struct buf *out)
{
	for (const struct opened *o = map_get(&st->published, id); o; o = o->next)
		buf_fmt(out, "  %.*s -> %.*s", STR_ARG(o->publish->res.id), STR_ARG(o->publish->to_port));
}

static void text_containers(const struct status *st, bool colour, struct buf *out)
{
	const struct manifest *m = &st->s.recorded;
	const struct res_container *c;
	size_t name = 9, state = 5, k = 0;

	manifest_each(container, c, m) {
		if (!is_asked(st, c->res.id))
			continue;
		name = c->res.id.n > name ? c->res.id.n : name;
		state = state_of(st, c).n > state ? state_of(st, c).n : state;
	}
	buf_fmt(out, "\n%s%-*s  %-*s  %-19s  %-15s  PORTS%s\n", colour ? "\033[1m" : "", (int)name, "CONTAINER", (int)state, "STATE", "SINCE", "ADDRESS",
		colour ? "\033[0m" : "");
	manifest_each(container, c, m) {
		const struct bus_prop *since = &st->since[k++];
		char when[SESSION_TIME_MAX];
		struct str now = state_of(st, c);
		struct str address = c->address.n ? c->address : c->address6;

		if (!is_asked(st, c->res.id))
			continue;
		buf_fmt(out, "%-*.*s  %s%-*.*s%s  %-19s  %-15.*s ", (int)name, STR_ARG(c->res.id), !colour ? "" : is_well(st, c) ? "\033[32m" : "\033[31m",
			(int)state, STR_ARG(now), colour ? "\033[0m" : "", since_text(since, when), STR_ARG(address));
		for (size_t i = 0; i < c->ports.n; i++) {
			struct str port;

			str_cut(c->ports.at[i], '=', &port);
			buf_fmt(out, " %.*s", STR_ARG(port));
		}
		text_published(st, c->res.id, out);
		buf_addc(out, '\n');
	}
}

static void text_drift(const struct status *st, struct buf *out)
{
	_arena_ struct arena a = {0};
	enum { SHOWN = 20 };
	size_t n = 0;

	for (size_t i = 0; i < st->drift.changes.n; i++)
		n += is_asked(st, change_res(&st->drift.changes.at[i])->owner);
	if (!n) {
		buf_puts(out, st->nnames ? "\nNo drift.\n" : "\nNo drift: the host is as the generation says.\n");
		return;
	}
	buf_fmt(out, "\nDrift: %zu %s. `ctc apply --repair` mends it.\n", n, n == 1 ? "difference" : "differences");
	for (size_t i = 0, shown = 0; i < st->drift.changes.n && shown < SHOWN; i++) {
		const struct change *c = &st->drift.changes.at[i];
		const struct res *r = change_res(c);

		if (!is_asked(st, r->owner))
			continue;
		shown++;
		buf_fmt(out, "  %-9s  %-9s  ", drift_word(c->op), res_infos[r->kind].word);
		show_plain(r->id, 0, out);
		if (r->kind == RES_unit && c->op == OP_CHANGE) {
			buf_puts(out, "  ");
			show_plain(view_drift_how(&a, c), 0, out);
		}
		buf_addc(out, '\n');
	}
	if (n > SHOWN)
		buf_fmt(out, "  and %zu more: `ctc status --json` lists all\n", n - SHOWN);
}

/* Data is never touched; that it is not as the source says, people are told: `say` is called for each directory. */
static void data_notes(const struct status *st, struct buf *out, void (*say)(struct str note, size_t n, struct buf *out))
{
	const struct res_directory *d;
	size_t n = 0;

	manifest_each(directory, d, &st->s.recorded) {
		const struct res_directory *there = (const struct res_directory *)manifest_find(&st->observed, RES_directory, d->res.id);
		_buf_ struct buf note = {0};

		if (!there || !there->found.n || !is_asked(st, d->res.owner))
			continue;
		buf_fmt(&note, "%.*s is %.*s: the source says %u:%u %04llo", STR_ARG(d->res.id), STR_ARG(there->found), (unsigned)d->uid, (unsigned)d->gid,
			(unsigned long long)d->mode);
		say(buf_view(&note), n++, out);
	}
}

static void note_as_text(struct str note, size_t n, struct buf *out)
{
	buf_puts(out, n ? "  " : "\nData, which is left as it is:\n  ");
	show_plain(note, 0, out);
	buf_addc(out, '\n');
}

static void note_as_json(struct str note, size_t n, struct buf *out)
{
	buf_puts(out, n ? "," : "");
	json_str(out, note);
}

static void text_pending(const struct status *st, struct buf *out)
{
	if (st->confirm == CONFIRM_NONE)
		return;
	buf_fmt(out, "It goes back to generation %u ", st->pending.from);
	if (st->confirm == CONFIRM_WAITS) {
		buf_puts(out, "in ");
		duration_text((st->left_us + 999999) / 1000000 * 1000000, out);
		buf_puts(out, ", unless `ctc confirm` is given.\n");
	} else {
		buf_puts(out, "now: nobody has confirmed it.\n");
	}
}

static void as_text(const struct status *st, bool colour, struct buf *out)
{
	const struct session *s = &st->s;
	char when[SESSION_TIME_MAX];

	if (s->store.state_fd < 0) {
		buf_puts(out, "Nothing was applied on this host yet.\n");
		return;
	}
	buf_fmt(out, "Generation %u%s", s->current, s->current ? "" : ", the empty one");
	if (s->meta.time) {
		buf_fmt(out, ", made %s by %.*s: ", session_time(s->meta.time, when), STR_ARG(s->meta.user));
		show_plain(s->meta.command, 0, out);
	}
	buf_addc(out, '\n');
	if (st->busy) {
		buf_fmt(out, "Another ctc is changing this host right now%s", st->said.n ? ": " : "");
		show_plain(st->said, 0, out);
		buf_puts(out, ".\n" + (st->said.n != 0));
	}
	if (st->cut_off)
		buf_puts(out, "A change was cut off: run `ctc recover`.\n");
	text_pending(st, out);
	if (s->recorded.first[RES_container + 1] > s->recorded.first[RES_container])
		text_containers(st, colour, out);
	text_drift(st, out);
	data_notes(st, out, note_as_text);
}

static void put(struct buf *out, const char *key, struct str text)
{
	buf_fmt(out, ",\"%s\":", key);
	json_str(out, text);
}

static void json_list(struct buf *out, const char *key, const struct strs *list)
{
	buf_fmt(out, ",\"%s\":[", key);
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? "," : "");
		json_str(out, list->at[i]);
	}
	buf_addc(out, ']');
}

static void json_containers(const struct status *st, struct buf *out)
{
	const struct res_container *c;
	const char *between = "\n{\"id\":";
	size_t k = 0;

	buf_puts(out, ",\n\"containers\":[");
	manifest_each(container, c, &st->s.recorded) {
		const struct bus_unit *u = bus_units_find(&st->units, c->unit);
		const struct bus_prop *since = &st->since[k++];

		if (!is_asked(st, c->res.id))
			continue;
		buf_puts(out, between);
		between = ",\n{\"id\":";
		json_str(out, c->res.id);
		put(out, "unit", c->unit);
		put(out, "state", state_of(st, c));
		put(out, "active", u ? u->active : STR("inactive"));
		buf_fmt(out, ",\"since\":%llu", since->error ? 0ull : (unsigned long long)since->number / 1000000);
		put(out, "image", c->image);
		put(out, "address", c->address);
		put(out, "address6", c->address6);
		json_list(out, "more-addresses", &c->more_addresses);
		json_list(out, "ports", &c->ports);
		buf_puts(out, ",\"published\":[");
		for (const struct opened *o = map_get(&st->published, c->res.id); o; o = o->next) {
			json_str(out, o->publish->res.id);
			buf_puts(out, o->next ? "," : "");
		}
		buf_puts(out, "]}");
	}
	buf_puts(out, "]");
}

static void as_json(const struct status *st, struct buf *out)
{
	const struct session *s = &st->s;
	const struct res_stack *stack;
	bool first = true;
	size_t shown = 0;

	buf_fmt(out, "{\"ctstack-status\":1,\"generation\":%u,\"base\":%u,\"time\":%lld", s->current, s->meta.base, (long long)s->meta.time);
	put(out, "user", s->meta.user);
	put(out, "command", s->meta.command);
	buf_fmt(out, ",\"busy\":%s,\"cut-off\":%s", st->busy ? "true" : "false", st->cut_off ? "true" : "false");
	if (st->confirm != CONFIRM_NONE)
		buf_fmt(out, ",\"unconfirmed\":{\"back-to\":%u,\"seconds-left\":%lld}", st->pending.from, (long long)(st->left_us > 0 ? st->left_us / 1000000 : 0));
	buf_puts(out, ",\"stacks\":[");
	manifest_each(stack, stack, &s->recorded) {
		buf_puts(out, first ? "" : ",");
		json_str(out, stack->res.id);
		first = false;
	}
	buf_puts(out, "]");
	json_containers(st, out);
	buf_puts(out, ",\n\"drift\":[");
	for (size_t i = 0; i < st->drift.changes.n; i++) {
		const struct res *r = change_res(&st->drift.changes.at[i]);

		if (!is_asked(st, r->owner))
			continue;
		buf_fmt(out, "%s\n{\"what\":\"%s\",\"kind\":\"%s\"", shown++ ? "," : "", drift_word(st->drift.changes.at[i].op), res_infos[r->kind].word);
		put(out, "id", r->id);
		put(out, "owner", r->owner);
		buf_addc(out, '}');
	}
	buf_puts(out, "],\n\"notes\":[");
	data_notes(st, out, note_as_json);
	buf_puts(out, "]}\n");
}

/* All stacks, whatever was asked for: a metric is of the host. */
static void as_prometheus(struct status *st, struct buf *out)
{
	const struct res_container *c;
	struct event *events = NULL;
	struct err unread;
	size_t n = 0;
	struct prom p = {.generation = st->s.current, .looked = st->s.store.state_fd >= 0, .drift = st->drift.changes.n};

	manifest_each(container, c, &st->s.recorded) {
		p.containers++;
		p.active += is_well(st, c);
	}
	if (p.looked && store_history_read(&st->s.store, &st->s.arena, &events, &n, &unread) == 0 && n)
		p.last = &events[n - 1];
	prom_text(&p, out);
}

static int status_print(struct cli *c, struct status *st, bool json, bool prometheus)
{
	_buf_ struct buf out = {0};

	if (read_all(st) < 0) {
		report_error(c, NULL, &st->s.recorded, &st->e);
		return STATUS_REFUSED;
	}
	if (prometheus)
		as_prometheus(st, &out);
	else if (json)
		as_json(st, &out);
	else
		as_text(st, c->colour, &out);
	return cli_print(c, buf_view(&out));
}

int cmd_status(struct cli *c, int argc, char **argv)
{
	struct status st = {0};
	bool json = false, prometheus = false;
	const struct cli_option options[] = {
		{"json", 0, CLI_FLAG, &json, NULL, "as JSON (spec/manifest.md)", NULL},
		{"prometheus", 0, CLI_FLAG, &prometheus, NULL, "as metrics of all stacks, for node_exporter's textfile collector", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	st.names = argv + 1;
	st.nnames = n;
	session_begin(&st.s);
	status = status_print(c, &st, json, prometheus);
	session_end(&st.s);
	return status;
}
