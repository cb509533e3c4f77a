/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Named network namespaces, as ip-netns(8) keeps them: a file below /run/netns on which the namespace is mounted, in a directory that is a shared mount
 * point of its own. The calling thread never leaves its namespace: whatever must be done inside another one is done by a short-lived thread that ends there. */
#ifndef CTC_RUNTIME_NS_H
#define CTC_RUNTIME_NS_H

#include "lang/value.h"
#include "runtime/host.h"

#define NETNS_DIR "run/netns"

enum ns_state {
	NS_NONE,	/* nothing of this name */
	NS_WHOLE,	/* a network namespace */
	NS_HALF,	/* the empty file without permissions that is left where a maker was killed before the mount, or the mount was taken away */
	NS_FOREIGN,	/* anything else: in the way, and never touched */
};

/* How many namespaces are worked on at once: each takes two descriptors, and the usual limit is 1,024. */
enum { NS_CHUNK = 64 };

/* What stands at the name. */
int ns_look(struct host *h, struct str name, enum ns_state *ret, struct err *e);
/* All names in NETNS_DIR that begin with "ct-", and their states, sorted, in the arena. Empty where the directory is missing. */
struct ns_entry {
	struct str name;
	enum ns_state state;
};
int ns_list(struct host *h, struct arena *a, struct ns_entry **ret, size_t *ret_n, struct err *e);
/* A descriptor of the namespace; -ENOENT where the name is not that of a whole one. */
int ns_open(struct host *h, struct str name, struct err *e);

/* Makes the namespaces, each with lo up, without router advertisements and without the delay of duplicate address detection. A namespace gets its name when it is
 * whole. One that exists is left as it is; what is half made is finished. */
int ns_make(struct host *h, const struct str *names, size_t n, struct err *e);
/* Takes the name away; the namespace ends with its last process. 0 where it is gone already; -EEXIST for what is no namespace. */
int ns_remove(struct host *h, struct str name, struct err *e);

/* Calls work(i, context) within the namespace of fds[i], one after the other, in a thread that is joined. Ends at the first error, and returns it. */
typedef int (*ns_work)(size_t i, void *context, struct err *e);
int ns_each(const int *fds, size_t n, ns_work work, void *context, struct err *e);

/* Gives a namespace that somebody else made, or altered, what ns_make gives its own, and the interface in it what it would have inherited. */
int ns_settle(struct host *h, int ns, const char *interface, struct err *e);

/* Takes the calling thread into the namespace for good: for a program that does one thing there. */
int ns_enter(struct host *h, struct str name, struct err *e);

/* Writes a value to /proc/sys/KEY (slashes, not dots); what is below /proc/sys/net belongs to the namespace of the calling thread. */
int proc_sys_write(struct host *h, struct str key, struct str value, struct err *e);
/* Its value without the newline, tabs as they are; -ENOENT where this kernel has no such key. */
int proc_sys_read(struct host *h, struct str key, struct arena *a, struct str *ret, struct err *e);

#endif
