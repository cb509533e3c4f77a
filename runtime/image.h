/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What containers are made of and how it comes onto the host. An image resource is one of
 *	docker.io/library/web:1			an OCI image: pulled from its registry
 *	archive:/srv/web.tar			an OCI or Docker archive on this host: loaded into podman's storage
 *	os:debian bookworm|MIRROR|curl dbus	a tree of a distribution: built by mmdebstrap or debootstrap, below /var/lib/ctstack/os
 * and has an id of 64 hexadecimal digits once it is there: podman's of the image, of a tree the digest of its reference. */
#ifndef CTC_RUNTIME_IMAGE_H
#define CTC_RUNTIME_IMAGE_H

#include "lang/manifest.h"
#include "runtime/host.h"

#define OS_DIR "var/lib/ctstack/os"

/* The ids of images, each "" where it is not on the host. `known` has the id that each was bound to before, or "": it is looked for first, so that a tag that moves changes nothing. An
 * archive is told by its content: it is read and digested, and one that is missing is an error (-ENOENT). */
int images_find(struct host *h, struct arena *a, struct res_image *const *images, const struct str *known, size_t n, struct str *ret_ids, struct err *e);
/* The ids that are there of those that the images were bound to; reads no archive. */
int images_seen(struct host *h, struct arena *a, struct res_image *const *images, size_t n, struct str *ret_ids, struct err *e);

/* The reference as people say it: of a tree "debian bookworm with curl, dbus from http://deb.example/debian", of all others itself. */
struct str image_said(struct arena *a, struct str reference);

/* Fetches what is missing, one after the other, with progress. Nothing of ours changes; what is interrupted is taken up, or begun anew, by the next. */
int images_fetch(struct host *h, const struct strs *missing, struct err *e);

#endif
