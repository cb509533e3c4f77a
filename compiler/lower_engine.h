/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What runs a container, behind one table: lower_unit.c writes what every container's unit has, and asks its engine for the lines that are the engine's own. */
#ifndef CTC_COMPILER_LOWER_ENGINE_H
#define CTC_COMPILER_LOWER_ENGINE_H

#include "compiler/lower_impl.h"
#include "compiler/unit_text.h"

struct bind_mount {
	struct str from, to;
	bool readonly;
	bool made;			/* by ctc or the unit itself: nothing to wait for */
	bool mapped;			/* private users see its owners as they are */
};

struct kernel_switch {
	struct str name, value;
};

/* Everything that one container's text is made from. */
struct unit_of {
	struct arena *arena;
	const struct m_container *c;
	const struct engine *engine;
	struct str name;		/* ct-STACK-CONTAINER */
	struct strs after, requires;	/* units of c->after, but for those that it requires, and of c->requires: sorted, each once */
	struct str home;		/* unit of the container whose network it joins; "" */
	struct str netns;		/* where it runs; "" on the host's network */
	struct bind_mount etc[2];	/* files of ours over those in its /etc */
	size_t netc;
	const struct m_proxy *proxy;	/* that it runs, or NULL */
	struct str tree;		/* where systemd-nspawn finds it; "" for an image of podman's and what is built */
	struct strs command;		/* what it runs instead of the image's own; none: the image's */
	struct kernel_switch *switches;	/* of its network, sorted by name */
	size_t nswitches;
	struct bind_mount *mounts;	/* volumes and mounts, sorted by where they are seen */
	size_t nmounts;
	struct buf *out;
	struct buf *word;		/* of a command line that is being put together */
	VEC(struct str) binds;
};

struct engine {
	void (*supervise)(struct unit_of *u);	/* how systemd watches and ends it: Type=, KillMode= and what belongs to them */
	void (*start)(struct unit_of *u);	/* ExecStart= */
	void (*enter)(struct unit_of *u);	/* the words, each with a blank behind it, that run in the container what follows them */
	void (*stop)(struct unit_of *u);	/* ExecStop=, ExecStopPost= */
	int stop_margin_s;			/* its own work when it stops, on top of `stop-timeout` */
};
extern const struct engine engine_podman, engine_nspawn;

/* How systemd has one that ends by itself: its start is over when it has ended with status 0, and it counts as active from then on. */
#define UNIT_ONCE "Type=oneshot\nRemainAfterExit=yes\n"

/* Its host name: `hostname`, or its own name. */
static inline struct str container_hostname(const struct m_container *c)
{
	return c->rare->hostname.set ? c->rare->hostname.v : c->head.name;
}
/* Whether its first process may lack root's right to listen on ports below 1024, which nobody needs in a network of its own. */
static inline bool lacks_low_ports(const struct m_container *c)
{
	return (c->user.set && c->user.v.uid) || users_are_private(c) || (c->capabilities && c->capabilities->drop.v.n);
}
static inline struct str device_seen_at(const struct m_device *d)
{
	return d->at.set ? d->at.v : d->from.v;
}
/* The fields of `ulimits`, with the kernel's names for them (getrlimit(2)). */
#define ULIMITS(X) X(core, "CORE") X(memlock, "MEMLOCK") X(nofile, "NOFILE") X(nproc, "NPROC") X(stack, "STACK")
/* Whole seconds between asking it to end and killing it. */
static inline int64_t stop_seconds(const struct m_container *c)
{
	return c->rare->stop_timeout.set ? (c->rare->stop_timeout.v + 999999) / 1000000 : c->rare->boot.set && c->rare->boot.v ? 90 : 10;
}

/* What starts a command that ends by itself: it is not run where what it did is there already (runtime/cli/cmd_once.c). more: options, each with a blank behind it. */
void unit_once(struct unit_of *u, struct str more);

/* "nvidia", or "nvidia=0,1" where some are chosen. */
struct str gpu_wanted(struct arena *a, const struct m_container *c);

/* Texts one behind the other, without the cost of printf: a large stack has many. */
static inline void put_all(struct buf *out, size_t n, const struct str *parts)
{
	for (size_t i = 0; i < n; i++)
		buf_str(out, parts[i]);
}

/* A number among them; it lives as long as the block that it stands in. */
#define DECIMAL(v) decimal((uint64_t)(v), (char[UINT_DIGITS]){0})
static inline struct str decimal(uint64_t v, char *room)
{
	char *first = uint_before(room + UINT_DIGITS, v);

	return (struct str){first, (size_t)(room + UINT_DIGITS - first)};
}

#define PUT(out, ...) put_all((out), sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str), (struct str[]){__VA_ARGS__})

/* One word of the command, made of parts, on a line of its own. */
#define ARG(u, ...)                                   \
	do {                                          \
		(u)->word->n = 0;                     \
		PUT((u)->word, __VA_ARGS__);          \
		unit_arg((u)->out, buf_view((u)->word)); \
	} while (0)

/* lower_secret.c: where the container sees its secrets; what gives systemd the secrets and puts them there; what takes them away; and what asks for a restart
 * when their content changes. */
size_t secret_mounts(struct unit_of *u, struct bind_mount *ret);
void secret_load(struct unit_of *u);
void secret_unload(struct unit_of *u);
void secret_own(struct unit_of *u);

/* lower_proxy.c: what starts the program of a proxy with its configuration, which it sees below PROXY_CONFIG_DIR. */
#define PROXY_CONFIG_DIR "/etc/ctstack"
struct strs proxy_command(struct arena *a, const struct m_proxy *p);

/* A word that is known only on the host; runtime/bind.h puts one or more lines in its place. */
void unit_late(struct unit_of *u, struct str what, struct str value, bool last);

#endif
