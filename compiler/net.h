/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The network that the stacks describe, resolved: which container is in which subnet, under which addresses,
 * and what a port means. Rules and lowering ask here, so that both mean the same. */
#ifndef CTC_COMPILER_NET_H
#define CTC_COMPILER_NET_H

#include "lang/model.h"

enum net_family { NET_4, NET_6, NET_FAMILIES };

/* Where a container's network is. */
enum net_place {
	PLACE_PRIVATE, /* a namespace of its own, with a link to the host */
	PLACE_HOST,    /* the host's */
	PLACE_JOINED,  /* the namespace of another container */
	PLACE_MACVLAN, /* a namespace of its own, with an interface to a network of the host's */
};
/* As its fields say; once they are read it stands in the model, where everybody else asks. */
enum net_place container_place_said(const struct m_container *c);
static inline enum net_place container_place(const struct m_container *c)
{
	return (enum net_place)c->head.place;
}

/* A container in its network. */
struct net_member {
	const struct m_container *container;
	const struct net_member *home;	  /* whose namespace it is in: itself, or the one that it joins */
	const struct m_subnet *subnet;	  /* the home's; NULL: on the host's network, or on another one that no policy judges */
	struct str full;		  /* STACK.CONTAINER */
	bool outside;			  /* its stack is: nothing is made of it */
	struct str address[NET_FAMILIES]; /* the home's, as text; empty: none of the family, or on the host's network */
	struct strs more[NET_FAMILIES];	  /* the home's further ones, in the source's order; only with an address of the family */
	const struct m_proxy *proxy;	  /* the reverse proxy that it runs, or NULL */
	struct port *ports;		  /* declared ones, sorted, each once */
	size_t nports;
};

struct net_subnet {
	const struct m_subnet *subnet;
	struct str full;
	VEC(const struct net_member *) members; /* those that join one of them, too */
};

struct net {
	struct net_member *members; /* every container, in the model's order */
	size_t nmembers;
	struct net_subnet *subnets; /* every subnet, in the model's order */
	size_t nsubnets;
};

/* How many addresses of a family it has, and which they are: the first is `address`. */
static inline size_t member_addresses(const struct net_member *m, enum net_family family)
{
	return m->address[family].n ? 1 + m->more[family].n : 0;
}
static inline struct str member_address(const struct net_member *m, enum net_family family, size_t i)
{
	return i ? m->more[family].at[i - 1] : m->address[family];
}

/* Linear in the model, apart from the sorting of a container's ports. Names and addresses go to `texts`,
 * which may outlive the rest, in `a`. */
void net_build(struct arena *a, struct arena *texts, const struct model *model, struct net *ret);
static inline const struct net_member *net_member_of(const struct net *net, const struct m_container *c)
{
	return &net->members[c->head.index];
}
static inline const struct net_subnet *net_subnet_of(const struct net *net, const struct m_subnet *s)
{
	return &net->subnets[s->head.index];
}

/* Whether it has a link of its own. */
static inline bool container_is_private(const struct m_container *c)
{
	return container_place(c) == PLACE_PRIVATE;
}
static inline bool container_on_host(const struct m_container *c)
{
	return container_place(c) == PLACE_HOST;
}
/* Whose namespace it is in: the container that it joins, else itself. */
const struct m_container *container_home(const struct m_container *c);
/* Its subnet: the one named, or the stack's only one; NULL where it is on the host's network or there is no
 * such. */
const struct m_subnet *container_subnet(const struct m_container *c);

/* The name servers that it asks: its own choice, else that of the container that it joins, else that of the macvlan. */
const struct dns *container_dns(const struct m_container *c);

/* The address that the host has in the subnet: `host` or the first of the range. family 0 where the subnet
 * has no range of the family. */
struct addr subnet_gateway(const struct m_subnet *s, enum net_family family);
/* The range of the family; .addr.family 0 where there is none. */
struct cidr subnet_range(const struct m_subnet *s, enum net_family family);

/* The container's port of this name. lo 0: it has none. */
struct port port_named(const struct m_container *c, struct str name);
/* The other way round; empty: it has none. */
struct str port_name(const struct m_container *c, struct port port);
/* What `ready` asks with http or tcp: the port given, or the container's only tcp port. lo 0: neither. */
struct port ready_port(const struct m_container *c);

#endif
