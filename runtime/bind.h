/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Host facts, and binding a compiled manifest to a host: what a source cannot know (the digest of an image, the device nodes of a GPU, the host's name servers, the old value of a sysctl)
 * is filled in, once, before the plan. A bound manifest has no late-bound words left, except for images that are still to be fetched. */
#ifndef CTC_RUNTIME_BIND_H
#define CTC_RUNTIME_BIND_H

#include "lang/manifest.h"
#include "runtime/host.h"
#include "runtime/plan.h"

/* Late-bound words stand alone on a line of a unit's text, between a tab and " \" (a continued ExecStart=), which the last one of a command has not:
 *	\t@gpu:nvidia@ \
 *	\t@image:docker.io/library/postgres:16@
 * A secret's is replaced by a line that tells one content from another:
 *	\t@secret:dev.password:/etc/secrets/password@	->	Secret=dev.password 0123456789abcdef	("sealed:" for an encrypted file)
 * They are listed in res_unit.binds without the @. A file whose content is the line @dns:host@ gets the host's name servers. */

/* Checks that do not depend on a plan: root, kernel with nf_tables, system bus with systemd as its manager, podman where the manifest has images, cgroup v2.
 * One sentence that says what to do. */
int host_check(struct host *h, const struct manifest *wanted, struct err *e);

/* What works on this host and should not be relied on, a sentence a line: a systemd-nspawn that is known to let a container's root out, where the manifest has trees; subnets that are
 * not in `current` and overlap networks of the host's or of podman's. */
void host_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out);

/* Makes the bound copy. `current` is the committed generation's manifest (its digests and prior values are kept where the reference is the same, so that a tag that
 * moves later changes nothing). Images that are not on the host stay unbound and are listed in *ret_missing (in the arena). */
int manifest_bind(struct host *h, const struct manifest *compiled, const struct manifest *current, struct manifest *ret, struct strs *ret_missing, struct err *e);

/* Checks that need the plan, which leads to a bound manifest: what is not on this host of what containers need that the plan starts (mounts, trees, device nodes, time zones, programs); interfaces of the
 * host's that are missing for what is not in `current`; host ports that a program listens on already; and the host's own IPv6 routes, which forwarding would take from it. */
int bind_check(struct host *h, const struct plan *p, const struct manifest *current, struct err *e);

/* For a plan that leads back to a generation: into `out`, a sentence a line, whose secrets have another content by now than it had; a file that is missing, of what the plan starts, is an error. */
int secrets_judge(struct host *h, const struct plan *p, struct buf *out, struct err *e);

#endif
