/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What things are called on the host, derived from the names in the source; said here and nowhere else. Every
 * name is a function of the stack's and the container's name alone, so that it never moves when something
 * else does. rules_names.c refuses names that would collide or be too long. Results live in the arena. */
#ifndef CTC_COMPILER_NAMES_H
#define CTC_COMPILER_NAMES_H

#include "lang/model.h"

/* Longest ct-STACK-CONTAINER: one DNS label (RFC 1035, 2.3.4), since it may be a host name; below ALTIFNAMSIZ
 * and NAME_MAX. */
enum { NAME_MAX_DERIVED = 63 };

/* 64 bits of a text, all of them good. */
uint64_t name_hash(struct str text);
struct str name_full(struct arena *a, const struct m_head *head); /* STACK.CONTAINER, STACK.SUBNET */
struct str
name_derived(struct arena *a,
	     const struct m_container *c); /* ct-STACK-CONTAINER: network namespace, altname of the link */
struct str name_unit(struct arena *a, const struct m_container *c); /* ct-STACK-CONTAINER.service */
struct str name_target(struct arena *a, const struct m_stack *s);   /* ct-STACK.target */
/* ct-STACK.slice, "-" of the stack's name escaped: a plain one would nest the slice in that of another stack
 * (systemd.slice(5)). */
struct str name_slice(struct arena *a, const struct m_stack *s);
/* "ct" and 8 characters (40 bits of a hash, base 32 without look-alikes): IFNAMSIZ leaves 15 bytes. */
struct str name_link(struct arena *a, const struct m_container *c);
struct str name_hosts_file(struct arena *a,
			   const struct m_container *c); /* /run/ctstack/hosts/ct-STACK-CONTAINER */
struct str name_proxy_dir(struct arena *a, const struct m_container *c); /* /run/ctstack/proxy/ct-STACK-CONTAINER */
struct str name_secrets(struct arena *a, const struct m_container *c); /* /run/ctstack/secrets/ct-STACK-CONTAINER, of private users mapped-secrets */
struct str name_resolv_file(struct arena *a,
			    const struct m_container *c); /* /run/ctstack/resolv/ct-STACK-CONTAINER */
/* The unit that keeps a container's WireGuard tunnel: ct-STACK-CONTAINER.wireguard.service; no container has a dot in its name. */
struct str name_wireguard_unit(struct arena *a, const struct m_container *c);
struct str name_wireguard_file(struct arena *a, const struct m_container *c); /* /run/ctstack/wireguard/ct-STACK-CONTAINER */
/* Where a volume is on the host: its `from`, or /opt/CATEGORY/CONTAINER/VOLUME, or /var/lib/ctstack/volumes/STACK/CONTAINER/VOLUME. */
struct str name_volume(struct arena *a, const struct m_container *c, const struct m_volume *v);
/* The same under other names of the container and the volume: where it was. */
struct str name_volume_as(struct arena *a, const struct m_volume *v, struct str stack, struct str container, struct str volume);
/* Whether what stands behind the arrow of a `moved` is the stack itself: its name, which nothing in it has. */
bool name_is_stack_move(const struct m_stack *s, const struct f_NAMED *to);

/* What the container is made of, as its image resource is called: an image's reference, "archive:PATH", "os:debian bookworm|MIRROR|PACKAGE PACKAGE"; "" for one with a rootfs. */
struct str name_image(struct arena *a, const struct m_container *c);
/* Whether systemd-nspawn runs it, and not podman. */
static inline bool container_is_tree(const struct m_container *c)
{
	return c->rare->rootfs.set || c->os.n;
}
/* Whether that is a disk image. A file that is called so is one: the manifest knows no host to ask. */
static inline bool container_is_disk(const struct m_container *c)
{
	struct str path = c->rare->rootfs.v;

	return path.n > 4 && (memcmp(path.s + path.n - 4, ".raw", 4) == 0 || memcmp(path.s + path.n - 4, ".img", 4) == 0);
}
/* Whether its program ends by itself, and has finished then. */
static inline bool container_runs_once(const struct m_container *c)
{
	return c->rare->run.set && c->rare->run.v == WORD_RUN_once;
}
static inline bool users_are_private(const struct m_container *c)
{
	return c->rare->users.set && c->rare->users.v == WORD_USERS_private;
}
/* Whether private users see the owners in its tree as they are, and nothing in it changes. An overlay in memory, and an image, are given to them instead. */
static inline bool tree_is_mapped(const struct m_container *c)
{
	return users_are_private(c) && !(c->rare->ephemeral.set && c->rare->ephemeral.v) && !container_is_disk(c);
}

#endif
