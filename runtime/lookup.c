/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

static struct addr address_of(const struct sockaddr *from)
{
	struct addr a = {.family = from->sa_family == AF_INET6 ? 6 : 4};

	if (a.family == 6)
		memcpy(a.b, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
	else
		memcpy(a.b, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	return a;
}

int lookup_address(struct str name, struct addr *ret, struct err *e)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *all = NULL;
	char text[256];

	if (name.n >= sizeof text)
		return err_set(e, -EINVAL, "%.*s is too long for a name", STR_ARG(name));
	memcpy(text, name.s, name.n);
	text[name.n] = '\0';
	int r = getaddrinfo(text, NULL, &hints, &all);
	if (r != 0)
		return err_set(e, r == EAI_AGAIN ? -EAGAIN : -ENOENT, "no address of %.*s: %s", STR_ARG(name), gai_strerror(r));
	*ret = address_of(all->ai_addr);
	for (const struct addrinfo *i = all->ai_next; i; i = i->ai_next) {
		struct addr a = address_of(i->ai_addr);

		if (a.family == ret->family && addr_cmp(a, *ret) < 0)
			*ret = a;
	}
	freeaddrinfo(all);
	return 0;
}
