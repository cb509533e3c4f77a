/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a host must be and have, judged by what is known of it: of this one by looking (bind_check.c), of another one by its facts (facts_saved.c). */
#ifndef CTC_RUNTIME_BIND_IMPL_H
#define CTC_RUNTIME_BIND_IMPL_H

#include "lang/manifest.h"
#include "lang/base/map.h"
#include "runtime/facts.h"
#include "runtime/plan.h"
#include "runtime/podman.h"

/* Of "6.1.0-18-amd64"; what cannot be read is not older. */
bool kernel_older(const char *release, int than_major, int than_minor);
/* "6.1.0-18-amd64"; "systemd 252 (252.39-1~deb12u1)" and more. What cannot be read is no reason to refuse. */
int kernel_judge(const char *release, struct err *e);
int systemd_judge(const char *said, struct err *e);
/* What is wrong with a systemd-nspawn of that version, of which distributions' own fixes are known; NULL: nothing that is known. */
const char *nspawn_judge(const char *said);
/* Whether it has trees, which systemd-nspawn runs. */
bool wants_nspawn(const struct manifest *wanted);
/* NULL: it is not installed. */
int podman_judge(const struct podman_version *v, struct err *e);
/* Whether it has images that podman runs: trees are built and run without it. */
bool wants_podman(const struct manifest *wanted);

/* A sentence for each subnet that comes and overlaps a network of the host's or of podman's (bind_overlap.c). */
void overlap_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out);
/* A sentence for each address on which something comes to be published and that this host does not have (bind_publish.c). */
void publish_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out);
/* Containers whose units the change touches, by name: the container's own unit, and its tunnel's. What runs on and lost something that it needs, perhaps of another stack, is no reason to
 * refuse what is changed now. */
struct map started_by(struct arena *a, const struct plan *p);
/* Refuses what the containers lack whose units the change touches; all of it at once: who makes it makes it in one go (bind_need.c). */
int containers_check(struct host *h, const struct plan *p, struct err *e);
/* Refuses what a container needs ("device=/dev/net/tun", of res_container.needs) and is not there. */
int need_refuse(const struct res_container *c, struct str need, struct err *e);
/* Whether a published port that is not `current` already is taken. program says who listens. */
int ports_judge(const struct manifest *bound, const struct manifest *current, const struct listeners *all,
		struct str (*program)(void *context, const struct listener *l), void *context, struct err *e);

#endif
