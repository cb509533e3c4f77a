/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the host is and has, as far as a plan must know it: kernel switches, device nodes, programs that listen, paths. Read-only; everything is looked up below the
 * host's root. */
#ifndef CTC_RUNTIME_FACTS_H
#define CTC_RUNTIME_FACTS_H

#include "lang/value.h"
#include "runtime/digest.h"
#include "runtime/host.h"

/* A descriptor, links followed as below, or a negative errno. */
int fact_open(struct host *h, struct str path, int flags);
/* A whole file, symbolic links followed within the host's root (openat2(2), RESOLVE_IN_ROOT); also of /proc. -EFBIG beyond max. No text in e for -ENOENT. */
int fact_read(struct host *h, struct str path, size_t max, struct arena *a, struct str *ret, struct err *e);
/* Whether something is there, links followed as above. */
bool fact_exists(struct host *h, struct str path);
/* Whether a device node is there, links followed. */
bool fact_is_device(struct host *h, struct str path);
bool fact_is_directory(struct host *h, struct str path);
/* Whether podman finds the small first process that `init = true` asks for. */
bool fact_init(struct host *h);
/* The names in a directory, sorted; none where it is missing. */
int fact_list(struct host *h, struct str path, struct arena *a, struct strs *ret, struct err *e);

/* The value of a kernel switch, named as sysctl(8) does, without the newline. */
int fact_sysctl(struct host *h, struct str name, struct arena *a, struct str *ret, struct err *e);

/* The host's name servers as a container can ask them, in lines of resolv.conf(5): those of the host's own file, or, where that names only a stub on a loopback address, those
 * that systemd-resolved asks in its turn. Servers on loopback and link-local addresses are left out, and where none is left a comment says so. */
int fact_resolv(struct host *h, struct arena *a, struct str *ret, struct err *e);

/* A socket that takes connections or datagrams from whoever sends them. */
struct listener {
	struct addr addr;	/* family 0: every address, IPv4 and IPv6 */
	uint16_t port;
	uint8_t proto;		/* enum proto */
	uint64_t inode;
};
struct listeners {
	VEC(struct listener) all;
};
/* /proc/net/{tcp,tcp6,udp,udp6} of the process's network namespace. */
int fact_listeners(struct host *h, struct arena *a, struct listeners *ret, struct err *e);
/* One such file. Lines that are none are passed over. */
void listeners_parse(struct arena *a, struct str text, enum proto proto, struct listeners *ret);
/* "nginx (pid 812)", or "a program" where it cannot be found. */
struct str listener_program(struct host *h, struct arena *a, const struct listener *l);

/* What tells one content of a secret's file from another: 16 hexadecimal digits of its HMAC-SHA-256 under a key of this host (STATE_DIR/key, made by the first apply), so
 * that who sees them can test no guess; "unknown" before there is a key. Where the file is missing, no regular file, longer than systemd takes, or open to everybody: an
 * error that says what to do. sealed: the file is encrypted, so that everybody may read it. Its bytes do not stay in memory. */
int fact_secret(struct host *h, struct str path, bool sealed, struct arena *a, struct str *ret, struct err *e);
/* The whole HMAC-SHA-256 of a text under the same key, in hexadecimal digits: nobody but root of this host can make it. -ENOKEY where there is no key yet. */
int fact_keyed_digest(struct host *h, struct str text, char out[DIGEST_TEXT + 1], struct err *e);

/* The words that give podman GPUs, one argument each. `wanted` is a vendor ("nvidia", "amd", "intel"), alone for all of them or with some ("nvidia=0,1"). By CDI where the host has
 * a file of the vendor's devices and podman can read it, else by device nodes. -ENODEV with what to do where there are none or a wanted one is missing; -ENOENT where a CDI file
 * asks for what is not there. */
int fact_gpu(struct host *h, struct str wanted, struct arena *a, struct strs *ret, struct err *e);
/* The same for systemd-nspawn, which knows no CDI: words of its command, and DeviceAllow= lines of its unit. -EOPNOTSUPP for what it cannot do (hooks, groups). */
int fact_gpu_tree(struct host *h, struct str wanted, struct arena *a, struct strs *ret_words, struct strs *ret_allows, struct err *e);

/* The GPUs that a container could be given. */
struct gpu_found {
	const char *vendor;
	struct str name;	/* of its CDI device or its node: what `gpu-devices` may say */
	struct str by;		/* the CDI file or the node */
	struct str fault;	/* why it cannot be used, or "" */
};
struct gpus {
	VEC(struct gpu_found) all;
};
int fact_gpus(struct host *h, struct arena *a, struct gpus *ret, struct err *e);

#endif
