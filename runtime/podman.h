/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asking podman about images, and fetching them. podman is run as a program; its answers are JSON that jansson reads, bounded and checked. */
#ifndef CTC_RUNTIME_PODMAN_H
#define CTC_RUNTIME_PODMAN_H

#include "lang/base/vec.h"
#include "lang/value.h"
#include "runtime/host.h"

struct podman_version {
	int major, minor;
};

/* -ENOENT where podman is not installed. */
int podman_version(struct host *h, struct podman_version *ret, struct err *e);

/* The id (64 hexadecimal digits, in the arena) of each image in podman's storage, in the order of `names`; empty where there is none. A name is a reference or
 * an id. One call of podman where all are there under the names given; further ones for names that podman completes ("docker.io/postgres:16"). Where podman is not
 * installed there are no images. What it has said once holds until podman_forget: a plan asks when it binds and again when it looks at the host, and means one moment. */
int podman_images(struct host *h, struct arena *a, const struct strs *names, struct str *ret_ids, struct err *e);
/* From now on it is asked anew. */
void podman_forget(struct host *h);
/* What podman_images does with podman's answer, one JSON object a line: enters the ids of those names that the answer has word for word. -EBADMSG where it is not that. */
int podman_match(struct arena *a, struct str answer, const struct strs *names, struct str *ret_ids, struct err *e);

/* A range of a network of podman's own: of those that its configuration names, and the default one, whether they were ever used or not. */
struct podman_network {
	struct str name;
	struct cidr range;
};
struct podman_networks {
	VEC(struct podman_network) all;
};
/* None where podman is not installed. */
int podman_networks(struct host *h, struct arena *a, struct podman_networks *ret, struct err *e);
/* What podman_networks does with podman's answer, a JSON list. -EBADMSG where it is not that. */
int podman_networks_read(struct arena *a, struct str answer, struct podman_networks *ret, struct err *e);

/* The digest of the manifest that a name leads to, "sha256:…", "" where podman has no such image. Where a registry keeps an image for several architectures under one name, it is that of
 * their list, so that it is the same on all of them. -ENOENT where podman is not installed. */
int podman_digest(struct host *h, struct arena *a, struct str name, struct str *ret, struct err *e);

/* A fetch that is under way, as people are told of it: a line for each layer as podman comes to it, and one after every ten seconds in which there was none. */
struct podman_fetch {
	struct host *h;
	struct str what;	/* its reference, as people are told of it */
	size_t layers;		/* so far */
	int64_t began_s;	/* CLOCK_MONOTONIC */
};
struct podman_fetch podman_fetch_begin(struct host *h, struct str what);
long long podman_fetch_seconds(const struct podman_fetch *f);
/* A line that podman (or what else fetches) says on standard error, or none: for struct spawn's `heard`; context: a struct podman_fetch. */
void podman_heard(void *context, struct str line);

/* Fetches one image from its registry into podman's storage. */
int podman_pull(struct podman_fetch *f, struct arena *a, struct err *e);

/* Removes an image by its id, with the names that it has; one that is gone is no error, one that a container uses stays: -EBUSY. */
int image_remove(struct host *h, struct str id, struct err *e);

#endif
