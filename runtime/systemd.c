/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libsystemd, loaded when the first of its functions is called. Most commands never talk to systemd, and the library brings four others: a third of what it takes to start
 * us. Here stands each function that we use, under its own name and with the prototype of its header, so that whoever calls it does not know: it looks its namesake up once and
 * passes everything on. Where the library is not there, what can fail fails with ELIBACC. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>

/* The same one, however often it is asked for; it stays. */
static void *symbol(const char *name)
{
	void *library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_NODELETE);

	return library ? dlsym(library, name) : NULL;
}

/* Each remembers its namesake, as the linker's own table would: the only thing here that changes. */
#define FORWARD(type, without, name, parameters, arguments) \
	type name parameters                                \
	{                                                   \
		static type(*real) parameters;              \
                                                            \
		if (!real)                                  \
			real = symbol(#name);               \
		if (!real)                                  \
			return without;                     \
		return real arguments;                      \
	}

/* A function with `...` looks for the one that takes a va_list; `last` is the parameter before the dots. */
#define FORWARD_LIST(name, last, parameters, list, list_parameters, arguments) \
	int name parameters                                                    \
	{                                                                      \
		static int(*real) list_parameters;                             \
		va_list ap;                                                    \
		int r = -ELIBACC;                                              \
                                                                               \
		if (!real)                                                     \
			real = symbol(#list);                                  \
		va_start(ap, last);                                            \
		if (real)                                                      \
			r = real arguments;                                    \
		va_end(ap);                                                    \
		return r;                                                      \
	}

/* sd-bus(3) */
FORWARD(int, -ELIBACC, sd_bus_open_system, (sd_bus **ret), (ret))
FORWARD(sd_bus *, NULL, sd_bus_close_unref, (sd_bus *b), (b))
FORWARD(int, -ELIBACC, sd_bus_process, (sd_bus *b, sd_bus_message **ret), (b, ret))
FORWARD(int, -ELIBACC, sd_bus_wait, (sd_bus *b, uint64_t us), (b, us))
FORWARD(int, -ELIBACC, sd_bus_call_async, (sd_bus *b, sd_bus_slot **slot, sd_bus_message *m, sd_bus_message_handler_t done, void *of, uint64_t us), (b, slot, m, done, of, us))
FORWARD(int, -ELIBACC, sd_bus_match_signal,
	(sd_bus *b, sd_bus_slot **ret, const char *from, const char *path, const char *interface, const char *member, sd_bus_message_handler_t come, void *of),
	(b, ret, from, path, interface, member, come, of))
FORWARD(sd_bus_slot *, NULL, sd_bus_slot_unref, (sd_bus_slot *s), (s))
FORWARD(int, -ELIBACC, sd_bus_path_encode, (const char *prefix, const char *id, char **ret), (prefix, id, ret))

FORWARD(int, -ELIBACC, sd_bus_message_new_method_call,
	(sd_bus *b, sd_bus_message **ret, const char *to, const char *path, const char *interface, const char *member), (b, ret, to, path, interface, member))
FORWARD(sd_bus_message *, NULL, sd_bus_message_ref, (sd_bus_message *m), (m))
FORWARD(sd_bus_message *, NULL, sd_bus_message_unref, (sd_bus_message *m), (m))
FORWARD(const sd_bus_error *, NULL, sd_bus_message_get_error, (sd_bus_message *m), (m))
FORWARD(int, -ELIBACC, sd_bus_message_get_errno, (sd_bus_message *m), (m))
FORWARD(int, -ELIBACC, sd_bus_message_is_method_error, (sd_bus_message *m, const char *name), (m, name))
FORWARD(int, -ELIBACC, sd_bus_message_append_strv, (sd_bus_message *m, char **l), (m, l))
FORWARD(int, -ELIBACC, sd_bus_message_open_container, (sd_bus_message *m, char type, const char *contents), (m, type, contents))
FORWARD(int, -ELIBACC, sd_bus_message_close_container, (sd_bus_message *m), (m))
FORWARD(int, -ELIBACC, sd_bus_message_enter_container, (sd_bus_message *m, char type, const char *contents), (m, type, contents))
FORWARD(int, -ELIBACC, sd_bus_message_exit_container, (sd_bus_message *m), (m))
FORWARD(int, -ELIBACC, sd_bus_message_skip, (sd_bus_message *m, const char *types), (m, types))
FORWARD_LIST(sd_bus_message_append, types, (sd_bus_message *m, const char *types, ...), sd_bus_message_appendv, (sd_bus_message *, const char *, va_list),
	     (m, types, ap))
FORWARD_LIST(sd_bus_message_read, types, (sd_bus_message *m, const char *types, ...), sd_bus_message_readv, (sd_bus_message *, const char *, va_list), (m, types, ap))

/* sd-journal(3) */
FORWARD(int, -ELIBACC, sd_journal_open, (sd_journal **ret, int flags), (ret, flags))
FORWARD(void, , sd_journal_close, (sd_journal *j), (j))
FORWARD(int, -ELIBACC, sd_journal_add_match, (sd_journal *j, const void *data, size_t n), (j, data, n))
FORWARD(int, -ELIBACC, sd_journal_add_disjunction, (sd_journal *j), (j))
FORWARD(int, -ELIBACC, sd_journal_seek_tail, (sd_journal *j), (j))
FORWARD(int, -ELIBACC, sd_journal_previous, (sd_journal *j), (j))
FORWARD(int, -ELIBACC, sd_journal_get_data, (sd_journal *j, const char *field, const void **data, size_t *n), (j, field, data, n))
FORWARD(int, -ELIBACC, sd_journal_get_monotonic_usec, (sd_journal *j, uint64_t *ret, sd_id128_t *ret_boot), (j, ret, ret_boot))
FORWARD(int, -ELIBACC, sd_journal_sendv_with_location, (const char *file, const char *line, const char *function, const struct iovec *fields, int n),
	(file, line, function, fields, n))
