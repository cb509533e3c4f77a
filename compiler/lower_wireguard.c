/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A container's WireGuard tunnel: the file that says what it is, for `ctc tunnel`, and the unit that keeps it. The tunnel's own packets are the host's, and its inner end stands in the
 * container's namespace: while it is down there is no way for what it carries. The private key is a credential of the unit, and in no text. */
#include <inttypes.h>

#include "compiler/lower_engine.h"

enum { TUNNEL_START_S = 60, TUNNEL_RESTART_S = 2 };

static void put_addr(struct buf *out, struct addr a)
{
	char text[ADDR_TEXT_MAX];

	buf_puts(out, addr_text(a, text));
}

static void put_peer(struct buf *out, const struct m_peer *p)
{
	char text[CIDR_TEXT_MAX];

	buf_fmt(out, "[Peer]\nPublicKey = %.*s\nAllowedIPs = ", STR_ARG(p->key.v));
	for (size_t i = 0; i < p->allowed.v.n; i++)
		buf_fmt(out, "%s%s", i ? ", " : "", cidr_text(p->allowed.v.at[i], text));
	buf_addc(out, '\n');
	if (p->endpoint.set) {
		buf_puts(out, p->endpoint.v.at.addr.family == 6 ? "Endpoint = [" : "Endpoint = ");
		put_addr(out, p->endpoint.v.at.addr);
		buf_fmt(out, "%s:%u\n", p->endpoint.v.at.addr.family == 6 ? "]" : "", (unsigned)p->endpoint.v.at.port.lo);
	}
	if (p->keepalive.set)
		buf_fmt(out, "PersistentKeepalive = %" PRId64 "\n", p->keepalive.v / 1000000);
}

/* runtime/tunnel.h has the form. */
static struct str config_text(struct lowering *l, const struct net_member *m)
{
	const struct m_wireguard *w = m->container->wireguard;
	struct buf *out = &l->text;
	char text[CIDR_TEXT_MAX];

	out->n = 0;
	buf_fmt(out, "netns %.*s\ninterface cw%.*s\n", STR_ARG(name_derived(l->arena, m->container)), 8,
		name_link(l->arena, m->container).s + 2);
	for (int family = 0; family < NET_FAMILIES; family++)
		for (size_t i = 0; i < member_addresses(m, (enum net_family)family); i++) {
			buf_fmt(out, "link %.*s ", STR_ARG(member_address(m, (enum net_family)family, i)));
			put_addr(out, subnet_gateway(m->subnet, (enum net_family)family));
			buf_addc(out, '\n');
		}
	if (w->address.set)
		buf_fmt(out, "address %s/32\n", addr_text(w->address.v, text));
	if (w->address6.set)
		buf_fmt(out, "address %s/128\n", addr_text(w->address6.v, text));
	vec_each(struct m_peer *const, p, &w->peer)
		for (size_t i = 0; i < (*p)->allowed.v.n; i++)
			buf_fmt(out, "route %s\n", cidr_text((*p)->allowed.v.at[i], text));
	if (w->port.set)
		buf_fmt(out, "port %" PRId64 "\n", w->port.v);
	buf_puts(out, "peers\n");
	vec_each(struct m_peer *const, p, &w->peer)
		put_peer(out, *p);
	return str_copy(l->arena, buf_view(out));
}

static void lower_file(struct lowering *l, const struct net_member *m, struct str content)
{
	struct res_file *r = manifest_add_file(l->out, name_wireguard_file(l->arena, m->container));

	res_mark(&r->res, m->container->head.stack, m->full, source_origin(l->sources, m->container->wireguard->head.at));
	r->mode = 0600;
	r->content = content;
}

static void unit_text(struct unit_of *u, struct str config)
{
	const struct m_container *c = u->c;
	const struct m_secret *key = c->wireguard->private_key.v;
	struct str stack = c->head.stack->head.name;

	PUT(u->out, STR("# Made by ctc for container "), c->head.name, STR(" of stack "), stack,
	    STR(". Edits here do not last: change the source.\n[Unit]\nDescription=WireGuard tunnel of container "), c->head.name, STR(" of stack "), stack,
	    STR("\nRequires=ctstack-network.service\nAfter=network.target ctstack-network.service\nPartOf="), name_target(u->arena, c->head.stack),
	    STR("\nStartLimitIntervalSec=0\n\n[Service]\nSlice="), name_slice(u->arena, c->head.stack), STR("\nSyslogIdentifier="), u->name,
	    STR(".wireguard\nType=notify\nNotifyAccess=main\nRestart=always\n"));
	buf_fmt(u->out, "RestartSec=%ds\nTimeoutStartSec=%ds\nKillMode=mixed\n", TUNNEL_RESTART_S, TUNNEL_START_S);
	if (key->encrypted.set) {
		PUT(u->out, STR("SetCredentialEncrypted=private-key:"), key->encrypted.v, STR("\n"));
	} else {
		PUT(u->out, key->file.set ? STR("LoadCredential=private-key:") : STR("LoadCredentialEncrypted=private-key:"));
		unit_rest(u->out, secret_path(key));
		PUT(u->out, STR("\n"));
	}
	PUT(u->out, STR("ExecStart=ctc tunnel "), name_wireguard_file(u->arena, c), STR("\n\n[X-ctstack]\nStack="), stack, STR("\nContainer="), c->head.name, STR("\n"));
	/* The file is read at start: another content asks for one. */
	buf_fmt(u->out, "Config=%016" PRIx64 "\n", str_hash(config));
	if (secret_path(key).n)
		unit_late(u, key->file.set ? STR("secret") : STR("sealed"),
			  STR_JOIN(u->arena, name_full(u->arena, &key->head), STR(":"), secret_path(key)), true);
}

void lower_wireguard(struct lowering *l)
{
	struct buf out = {0}, word = {0};

	lower_each_member(m, l) {
		const struct m_container *c = m->container;
		struct unit_of u = {.arena = l->arena, .c = c, .out = &out, .word = &word};
		struct res_unit *unit;
		struct str config;

		if (!c->wireguard || m->home != m || !m->subnet)
			continue;
		config = config_text(l, m);
		lower_file(l, m, config);
		u.name = name_derived(l->arena, c);
		unit = manifest_add_unit(l->out, name_wireguard_unit(l->arena, c));
		out.n = 0;
		unit_text(&u, config);
		res_mark(&unit->res, c->head.stack, m->full, source_origin(l->sources, c->wireguard->head.at));
		unit->text = str_copy(l->arena, buf_view(&out));
		unit->wanted_by = name_target(l->arena, c->head.stack);
		unit->active = true;
		unit->binds = (struct strs){u.binds.at, u.binds.n};
	}
	buf_free(&out);
	buf_free(&word);
}
