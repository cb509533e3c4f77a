/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The facts of another host, as `ctc facts --json` printed them there, and what of a plan they refuse. */
#ifndef CTC_RUNTIME_FACTS_SAVED_H
#define CTC_RUNTIME_FACTS_SAVED_H

#include "lang/manifest.h"
#include "runtime/facts.h"

enum { FACTS_VERSION = 1, FACTS_MAX = 16 << 20 };

struct facts_saved {
	struct str kernel, systemd, podman, nspawn;	/* as the programs say it; "": there is none */
	bool init;			/* catatonit is there */
	struct gpus gpus;
	struct listeners listeners;
	struct strs links, devices;	/* names of interfaces; paths of device nodes */
};

/* -EBADMSG for what is none, with the member that is wrong. What it returns lives in the arena. */
int facts_saved_read(struct str text, struct arena *a, struct facts_saved *ret, struct err *e);
/* As host_warn, of that host. */
void facts_saved_warn(const struct facts_saved *f, const struct manifest *wanted, struct buf *out);
/* Refuses, as an apply on that host would: kernel, systemd, engines, GPUs, devices, interfaces, ports that are taken. *ret_unknown: what it takes and of which the facts tell
 * nothing ("/srv/media"), sorted. `current`: what is there already. */
int facts_saved_check(const struct facts_saved *f, const struct manifest *wanted, const struct manifest *current, struct arena *a, struct strs *ret_unknown, struct err *e);

#endif
