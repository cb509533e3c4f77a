/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Container Device Interface (github.com/cncf-tags/container-device-interface, SPEC.md 1.1): files in /etc/cdi and /run/cdi, JSON or YAML, say what a container needs to use a
 * device: nodes, libraries of the driver, variables. */
#ifndef CTC_RUNTIME_CDI_H
#define CTC_RUNTIME_CDI_H

#include "lang/base/vec.h"
#include "lang/value.h"
#include "runtime/host.h"

struct cdi_node {
	struct str from, at;
	bool readonly;
};
struct cdi_mount {
	struct str from, at;
	bool readonly;
};

/* A device with all that is edited for it, what its file edits for each device included. */
struct cdi_device {
	struct str name, file;
	VEC(struct cdi_node) nodes;
	VEC(struct cdi_mount) mounts;
	VEC(struct str) env;		/* NAME=VALUE */
	VEC(struct str) hooks;		/* programs that the engine is to run */
	bool groups;			/* it asks for additional groups */
};
struct cdi_devices {
	VEC(struct cdi_device) all;	/* sorted by name */
};

/* Every device of a kind ("nvidia.com/gpu"). A name in /run/cdi hides the same in /etc/cdi; twice in one directory, or a file that is none, is an error that names the file (-EBADMSG). */
int cdi_read(struct host *h, const char *kind, struct arena *a, struct cdi_devices *ret, struct err *e);
const struct cdi_device *cdi_find(const struct cdi_devices *devices, struct str name);
/* Whether all that the device needs is on the host: -ENOENT with what is missing and what to do. A driver that was updated leaves such files behind. */
int cdi_check(struct host *h, const struct cdi_device *d, struct err *e);

#endif
