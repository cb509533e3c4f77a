/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reverse proxies: a file with the whole configuration, which the program reads when it starts, and the program itself, which is told of changes while it runs and drops no
 * connection for them. In a change, a route goes before the container behind it stops, and comes when that one is ready: between the two the proxy serves the new routes
 * of those host names that it served before. Requests for a container that is being started again wait in the proxy.
 *
 * Caddy is told by its administrator's address. Traefik watches its file, so that the file is what it serves; it gives no answer, and is given time instead. */
#include <errno.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/caddy.h"
#include "runtime/fs.h"
#include "runtime/kind.h"
#include "runtime/proxy_config.h"

#define PROXY_DIR "/" RUN_DIR "/proxy/"

enum {
	CONFIG_MAX = 16 << 20,
	START_MS = 10000,	/* for a program that has just been started to listen */
	WAITING_MS = 250,	/* for requests that waited for a container, and try again every 100 ms: another configuration ends their waiting */
	SETTLE_MS = 500,	/* for Traefik to see its file: it waits for 100 ms of silence (providersThrottleDuration) */
};

static bool is_caddy(const struct res_proxy *p)
{
	return str_is(p->program, "caddy");
}

/* What the program serves, where it runs and it is not what its file says. */
static int see_running(struct host *h, const struct res_proxy *k, struct res_proxy *p, struct arena *a, struct err *e)
{
	struct str running;
	int r = caddy_config(h, k->netns, a, &running, e);

	if (r < 0) { /* nobody is there, or somebody else: starting it is the unit's matter */
		*e = (struct err){0};
		return r == -EINTR ? r : 0;
	}
	if (!proxy_config_same(running, p->config))
		p->config = running;
	return 0;
}

static int proxy_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_proxy *k;

	manifest_each(proxy, k, known) {
		struct str config;
		int r = fs_read(h->root_fd, k->file, CONFIG_MAX, ret->arena, &config, e);

		if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
			*e = (struct err){0};
			continue;
		}
		if (r < 0)
			return err_resource(e, k->res.id);
		struct res_proxy *p = (struct res_proxy *)res_copy(ret->arena, &k->res);
		p->config = config;
		r = is_caddy(k) ? see_running(h, k, p, ret->arena, e) : 0;
		if (r < 0)
			return err_resource(e, k->res.id);
		manifest_put(ret, &p->res);
	}
	return 0;
}

static int write_config(struct host *h, struct str file, struct str config, struct err *e)
{
	int r = fs_mkdirs(h->root_fd, fs_parent(file), 0, 0, 0755, NULL, e);

	return r < 0 ? r : fs_replace(h->root_fd, file, config, 0644, e);
}

static int proxy_prepare(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		const struct res_proxy *from = (const struct res_proxy *)s.at[i].from, *to = (const struct res_proxy *)s.at[i].to;

		if (!to || (from && str_eq(from->config, to->config)))
			continue;
		if (!str_starts(to->file, STR(PROXY_DIR)))
			return err_set(e, -EINVAL, "%.*s: configurations are written below " PROXY_DIR " only", STR_ARG(to->file));
		/* By the program itself, in its own image, where there is one. */
		if (is_caddy(to) && to->image.n && caddy_validate(h, to->image, to->config, e) < 0)
			return err_resource(e, to->res.id);
	}
	return 0;
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000L};

	nanosleep(&t, NULL);
}

/* Before containers stop: without the routes that go, and with those that stay as they will be. */
static int withdraw(struct host *h, const struct res_proxy *from, const struct res_proxy *to, struct err *e)
{
	_arena_ struct arena a = {0};
	struct str common;
	int r = proxy_config_common(to->config, from->config, &a, &common, e);

	if (r < 0)
		return r;
	if (!is_caddy(to)) {
		r = write_config(h, to->file, common, e);
		if (r == 0)
			pause_ms(SETTLE_MS);
		return r;
	}
	r = write_config(h, to->file, to->config, e);
	if (r == 0)
		r = caddy_load(h, from->netns, common, 0, e);
	if (r == -ECONNREFUSED) { /* it does not run: when it starts, it reads the file */
		*e = (struct err){0};
		return 0;
	}
	return r;
}

/* When all containers are ready: every route. from: what was served before; NULL: a proxy that has just been started with its file. */
static int announce(struct host *h, const struct res_proxy *from, const struct res_proxy *to, struct err *e)
{
	_arena_ struct arena a = {0};
	struct str common = STR("");
	int r = from ? proxy_config_common(to->config, from->config, &a, &common, e) : 0;

	if (r < 0 || (from && str_eq(common, to->config)))
		return r; /* that was all */
	if (!is_caddy(to))
		return from ? write_config(h, to->file, to->config, e) : 0;
	if (from)
		pause_ms(WAITING_MS);
	r = caddy_load(h, to->netns, to->config, START_MS, e);
	if (r == -ECONNREFUSED)
		return err_set(e, r, "Caddy was started and does not listen at localhost:2019: does its container run `caddy run --config /etc/ctstack/caddy.json`?");
	return r;
}

static int take_away(struct host *h, const struct res_proxy *from, struct err *e)
{
	int r = str_starts(from->file, STR(PROXY_DIR)) ? fs_remove(h->root_fd, from->file, e) : -EINVAL;

	if (r == 0)
		r = fs_rmdir(h->root_fd, fs_parent(from->file), e);
	if (r == -ENOENT || r == -ENOTEMPTY || r == -EBUSY) { /* somebody else's files */
		*e = (struct err){0};
		return 0;
	}
	return r;
}

static int apply_one(struct host *h, enum phase phase, const struct change *c, struct err *e)
{
	const struct res_proxy *from = (const struct res_proxy *)c->from, *to = (const struct res_proxy *)c->to;

	switch (phase) {
	case PHASE_ADD:
		return c->op == OP_CREATE ? write_config(h, to->file, to->config, e) : 0;
	case PHASE_STOP:
		return c->op == OP_CHANGE ? withdraw(h, from, to, e) : 0;
	case PHASE_START:
		return c->op == OP_DELETE ? 0 : announce(h, from, to, e);
	case PHASE_CLEAN:
		return c->op == OP_DELETE ? take_away(h, from, e) : 0;
	case PHASE_SWAP:
		break;
	}
	return 0;
}

static int proxy_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (apply_one(h, phase, &s.at[i], e) < 0)
			return err_resource(e, change_res(&s.at[i])->id);
	return 0;
}

const struct kind_ops kind_proxy = {.observe = proxy_observe, .prepare = proxy_prepare, .apply = proxy_apply};
