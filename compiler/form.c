/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The grammar of texts that are more than text: names, environment variables, labels, image references, network interfaces. Each function says what is wrong, as the end of a sentence. */
#include "compiler/elab.h"

enum { NAME_MAX_BYTES = 63, IMAGE_NAME_MAX = 255, TAG_MAX = 128, DIGEST_HEX = 64, IFNAME_MAX = 15 };

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

const char *form_name(struct str s, enum named named)
{
	if (s.n == 0)
		return "it is empty";
	if (is_digit(s.s[0]) || s.s[0] == '-')
		return "it begins with a letter";
	if (s.s[s.n - 1] == '-')
		return "it ends with a letter or a digit";
	/* RFC 1123, 2.1 and RFC 1035, 2.3.4: a label of a host name; the unit's name is made of it, too. */
	if (named == N_HOST && s.n > NAME_MAX_BYTES)
		return "it has more than 63 characters";
	for (size_t i = 0; i < s.n; i++) {
		if (named == N_HOST && !is_lower(s.s[i]) && !is_digit(s.s[i]) && s.s[i] != '-')
			return "it has lower-case letters, digits and `-` only, since host names are made of it";
		if (!is_alnum(s.s[i]) && s.s[i] != '-' && s.s[i] != '_')
			return "it has letters, digits, `-` and `_` only";
	}
	return s.n > 255 ? "it has more than 255 characters" : NULL;
}

/* POSIX.1, chapter 8.1, with lower-case letters and dots, which programs use. */
const char *form_env_name(struct str s)
{
	if (s.n == 0 || is_digit(s.s[0]))
		return "it begins with a letter or `_`";
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.s[i]) && s.s[i] != '_' && s.s[i] != '.')
			return "the name of an environment variable has letters, digits, `_` and `.` only";
	return s.n > 255 ? "it has more than 255 characters" : NULL;
}

/* What the OCI image specification recommends for keys of annotations, and other words that tools use. */
const char *form_label_name(struct str s)
{
	if (s.n == 0 || !is_alnum(s.s[0]) || !is_alnum(s.s[s.n - 1]))
		return "it begins and ends with a letter or a digit";
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.s[i]) && (s.s[i] == '\0' || !strchr("._/-", s.s[i])))
			return "it has letters, digits, `.`, `_`, `/` and `-` only";
	return s.n > 255 ? "it has more than 255 characters" : NULL;
}

/* sysctl.d(5), with dots between the words; a word in which a dot stands, as names of some interfaces do, has no way to be written. */
const char *form_sysctl_name(struct str s)
{
	for (struct str rest = s, word; rest.n;) {
		word = str_cut(rest, '.', &rest);
		if (word.n == 0)
			return "it is made of words joined by `.`";
		for (size_t i = 0; i < word.n; i++)
			if (!(word.s[i] >= 'a' && word.s[i] <= 'z') && !is_digit(word.s[i]) && word.s[i] != '_' && word.s[i] != '-')
				return "it has small letters, digits, `_`, `-` and `.` only";
	}
	if (s.n == 0 || s.s[s.n - 1] == '.')
		return "it is made of words joined by `.`";
	return s.n > 255 ? "it has more than 255 characters" : NULL;
}

/* ---- image references: the grammar of github.com/distribution/reference ---- */

/* [a-z0-9]+ joined by ".", "_", "__" or any number of "-". */
static bool path_component(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t run = i;

		while (i < s.n && (is_lower(s.s[i]) || is_digit(s.s[i])))
			i++;
		if (i == run)
			return false;
		if (i == s.n)
			return true;
		size_t joint = i;
		while (i < s.n && (s.s[i] == '.' || s.s[i] == '_' || s.s[i] == '-') && s.s[i] == s.s[joint])
			i++;
		if ((s.s[joint] == '.' && i - joint > 1) || (s.s[joint] == '_' && i - joint > 2))
			return false;
	}
	return false;
}

static bool registry_host(struct str host)
{
	struct str rest = host;
	struct addr a;

	if (host.n > 2 && host.s[0] == '[' && host.s[host.n - 1] == ']')
		return addr_parse((struct str){host.s + 1, host.n - 2}, &a) && a.family == 6;
	while (rest.n) {
		struct str label = str_cut(rest, '.', &rest);

		if (label.n == 0 || !is_alnum(label.s[0]) || !is_alnum(label.s[label.n - 1]))
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_alnum(label.s[i]) && label.s[i] != '-')
				return false;
	}
	return host.n > 0 && host.s[host.n - 1] != '.';
}

static bool port_number(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n && i < 6; i++) {
		if (!is_digit(s.s[i]))
			return false;
		n = n * 10 + (unsigned)(s.s[i] - '0');
	}
	return s.n > 0 && s.n < 6 && n > 0 && n < 65536;
}

/* host, host:port, [v6]:port */
static bool registry(struct str s)
{
	size_t colon = s.n;

	while (colon && s.s[colon - 1] != ':' && s.s[colon - 1] != ']')
		colon--;
	if (colon == 0 || s.s[colon - 1] == ']')
		return registry_host(s);
	return registry_host((struct str){s.s, colon - 1}) && port_number((struct str){s.s + colon, s.n - colon});
}

/* What stands before and behind the last `:`; false where there is none. */
static bool cut_port(struct str s, struct str *ret_host, struct str *ret_port)
{
	size_t colon = s.n;

	while (colon && s.s[colon - 1] != ':')
		colon--;
	if (!colon)
		return false;
	*ret_host = (struct str){s.s, colon - 1};
	*ret_port = (struct str){s.s + colon, s.n - colon};
	return true;
}

bool form_is_endpoint(struct str s)
{
	struct str host, port;
	struct addr a;

	if (!cut_port(s, &host, &port))
		return addr_parse(s, &a);
	if (host.n > 2 && host.s[0] == '[' && host.s[host.n - 1] == ']')
		host = (struct str){host.s + 1, host.n - 2};
	return addr_parse(host, &a) || addr_parse(s, &a);
}

const char *form_remote(struct str s, struct remote *ret)
{
	enum { HOST_MAX = 253 };	/* RFC 1035, 2.3.4 */
	struct str host, port;
	size_t last;

	if (!cut_port(s, &host, &port) || !port_number(port))
		return "behind the name stand `:` and a port: \"vpn.example.org:51820\"";
	for (last = host.n; last && host.s[last - 1] != '.'; last--)
		;
	if (host.n > HOST_MAX || host.s[0] == '[' || !registry_host(host))
		return "a host name has letters, digits and - within parts joined by dots";
	if (last < host.n && is_digit(host.s[last])) /* as RFC 1123, 2.1 tells the two apart */
		return "an address of IPv4 has four numbers from 0 to 255";
	ret->name = host;
	for (size_t i = 0; i < port.n; i++)
		ret->at.port.lo = (uint16_t)(ret->at.port.lo * 10 + (port.s[i] - '0'));
	ret->at.port.hi = ret->at.port.lo;
	return NULL;
}

static bool is_registry(struct str first)
{
	return str_eq(first, STR("localhost")) || str_has(first, '.') || str_has(first, ':');
}

const char *form_digest(struct str digest)
{
	struct str hex, algorithm = str_cut(digest, ':', &hex);

	if (!str_eq(algorithm, STR("sha256")) || hex.n != DIGEST_HEX)
		return "a digest is sha256: and 64 hexadecimal digits";
	for (size_t i = 0; i < hex.n; i++)
		if (!is_digit(hex.s[i]) && !(hex.s[i] >= 'a' && hex.s[i] <= 'f'))
			return "a digest is sha256: and 64 hexadecimal digits in lower case";
	return NULL;
}

static const char *image_tag(struct str tag)
{
	if (tag.n == 0)
		return "the tag behind `:` is missing";
	if (tag.n > TAG_MAX)
		return "a tag has at most 128 characters";
	for (size_t i = 0; i < tag.n; i++)
		if (!is_alnum(tag.s[i]) && tag.s[i] != '_' && (i == 0 || (tag.s[i] != '.' && tag.s[i] != '-')))
			return "a tag has letters, digits, `_`, `.` and `-` only, and does not begin with `.` or `-`";
	return NULL;
}

static const char *image_name(struct str name)
{
	struct str rest, first = str_cut(name, '/', &rest);

	if (name.n > IMAGE_NAME_MAX)
		return "it is longer than 255 characters";
	if (first.n < name.n && first.n > 0 && is_registry(first)) {
		if (!registry(first))
			return "what stands before the first `/` is no host name, with or without a port";
		name = rest;
	}
	do {
		struct str part = str_cut(name, '/', &rest);

		if (!path_component(part))
			return "its path has lower-case letters and digits, joined by `.`, `_`, `__` or `-`";
		if (part.n == name.n)
			break;
		name = rest;
	} while (true);
	return NULL;
}

const char *form_image(struct str s)
{
	struct str digest, named = str_cut(s, '@', &digest);
	const char *wrong = named.n < s.n ? form_digest(digest) : NULL;
	size_t slash = named.n, colon;

	if (wrong)
		return wrong;
	if (named.n == 0)
		return "it has no name";
	while (slash && named.s[slash - 1] != '/')
		slash--;
	for (colon = slash; colon < named.n && named.s[colon] != ':'; colon++)
		;
	if (colon < named.n)
		wrong = image_tag((struct str){named.s + colon + 1, named.n - colon - 1});
	return wrong ? wrong : image_name((struct str){named.s, colon});
}

/* dev_valid_name() of the kernel; and no control characters and quotes, which would not survive a listing. */
const char *form_ifname(struct str s)
{
	if (s.n == 0)
		return "it is empty";
	if (s.n > IFNAME_MAX)
		return "it is longer than 15 bytes";
	if (str_is(s, ".") || str_is(s, ".."))
		return "no network interface can be called so";
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] <= ' ' || s.s[i] == 0x7f || strchr("/:\"", s.s[i]))
			return "no network interface has blanks, quotes, `/` or `:` in its name";
	return NULL;
}
