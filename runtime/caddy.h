/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A running Caddy, asked at its administrator's address (localhost:2019 in its own network namespace, which nobody else reaches), and one that only judges a configuration.
 * https://caddyserver.com/docs/api */
#ifndef CTC_RUNTIME_CADDY_H
#define CTC_RUNTIME_CADDY_H

#include "runtime/host.h"

/* Makes it serve this configuration (POST /load): it takes it whole, or goes on as before. Connections that are open stay open. -ECONNREFUSED, without text in e, where
 * nobody listens after within_ms. netns "": the host's. */
int caddy_load(struct host *h, struct str netns, struct str config, int64_t within_ms, struct err *e);

/* What it serves (GET /config/), in the arena. -ECONNREFUSED as above, at once. */
int caddy_config(struct host *h, struct str netns, struct arena *a, struct str *ret, struct err *e);

/* Whether Caddy would take the configuration, by `caddy validate` in a container without network that is made for it from the image and removed. It reads it from standard input:
 * no file is written. */
int caddy_validate(struct host *h, struct str image, struct str config, struct err *e);

#endif
