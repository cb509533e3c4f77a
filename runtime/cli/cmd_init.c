/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc init NAME: the first source file of a service: what its options say, and what a terminal is asked for where they do not. The text is compiled before it is written: a file
 * that init leaves is one that `ctc plan` takes. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"
#include "lang/print.h"
#include "runtime/cli/cli.h"

enum { ANSWER_MAX = 1024 };

struct service {
	const char *name, *image, *data, *secret, *output;
	struct cli_texts ports;
	int category;	/* index in categories; -1: not said */
	char answers[5][ANSWER_MAX];
};

static const char *const categories[] = {"none", "media", "services", "databases", "monitoring", "business", NULL};

/* Asks on the terminal; an empty answer is the default. Returns into `to`, or NULL where the terminal ended. */
static const char *ask(const char *question, const char *otherwise, char to[static ANSWER_MAX])
{
	fprintf(stderr, "%s%s%s%s: ", question, *otherwise ? " [" : "", otherwise, *otherwise ? "]" : "");
	if (!fgets(to, ANSWER_MAX, stdin))
		return NULL;
	to[strcspn(to, "\n")] = '\0';
	return *to ? to : otherwise;
}

/* "8989" or "8989/tcp" as a port; false where it is neither. */
static bool port_read(const char *text, unsigned *ret_number, const char **ret_protocol)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || number < 1 || number > 65535)
		return false;
	*ret_number = (unsigned)number;
	*ret_protocol = *end ? end + 1 : "tcp";
	return !*end || (*end == '/' && (strcmp(end + 1, "tcp") == 0 || strcmp(end + 1, "udp") == 0));
}

static void put_ports(struct buf *out, const struct service *s)
{
	buf_puts(out, "    ports {");
	for (size_t i = 0; i < s->ports.n; i++) {
		unsigned number;
		const char *protocol;

		port_read(s->ports.at[i], &number, &protocol);
		buf_fmt(out, "%s port-%u = %u/%s", i ? ";" : "", number, number, protocol);
	}
	buf_puts(out, " }\n");
}

static void put_published(struct buf *out, const struct service *s)
{
	if (s->ports.n)
		buf_puts(out, "\n  # For programs of this machine. Without the address: for everybody who reaches it.\n");
	for (size_t i = 0; i < s->ports.n; i++) {
		unsigned number;
		const char *protocol;

		port_read(s->ports.at[i], &number, &protocol);
		buf_fmt(out, "  publish 127.0.0.1:%u -> %s.port-%u\n", number, s->name, number);
	}
}

static void service_text(const struct service *s, struct buf *out)
{
	unsigned number;
	const char *protocol;

	buf_fmt(out, "# %s, as `ctc init` began it.\n#\n#   sudo ctc plan  %s.ctstack\n#   sudo ctc apply %s.ctstack\n\nstack %s {\n  subnet lan {}\n", s->name, s->name, s->name,
		s->name);
	if (s->secret) {
		buf_fmt(out, "\n  # Lines NAME=value, readable by root only.\n  secret %s-env { file = ", s->name);
		path_text(str_of(s->secret), out);
		buf_puts(out, " }\n");
	}
	buf_fmt(out, "\n  container %s {\n    image = ", s->name);
	string_text(str_of(s->image), out);
	buf_addc(out, '\n');
	if (s->ports.n)
		put_ports(out, s);
	if (s->secret)
		buf_fmt(out, "    env-files = [%s-env]\n", s->name);
	if (s->data) {
		buf_puts(out, "    volume data { at = ");
		path_text(str_of(s->data), out);
		buf_puts(out, "; backup = true");
		if (s->category > 0)
			buf_fmt(out, "; category = %s", categories[s->category]);
		buf_puts(out, " }\n");
	}
	buf_puts(out, "    limits { memory = 1GiB }\n");
	if (s->ports.n && port_read(s->ports.at[0], &number, &protocol) && strcmp(protocol, "tcp") == 0)
		buf_fmt(out, "    ready { tcp = port-%u }\n", number);
	buf_puts(out, "  }\n\n  # What it fetches from elsewhere; without these lines it reaches nobody.\n");
	buf_fmt(out, "  allow %s -> world:443/tcp\n  allow %s -> world:53/udp\n", s->name, s->name);
	put_published(out, s);
	buf_puts(out, "}\n");
}

static bool ask_category(struct cli *c, struct service *s)
{
	const char *kind = ask("What kind of data it is: media, services, databases, monitoring or business", categories[0], s->answers[4]);

	if (!kind)
		return false;
	for (int i = 0; categories[i]; i++)
		if (strcmp(kind, categories[i]) == 0) {
			s->category = i;
			return true;
		}
	cli_fail(c, "`%s` is no kind of data: media, services, databases, monitoring, business or none", kind);
	return false;
}

/* Fills what was not given. False where there is nobody to ask. */
static bool questions(struct cli *c, struct service *s)
{
	if (!isatty(STDIN_FILENO)) {
		if (!s->image)
			cli_fail(c, "there is no terminal to ask on: give --image");
		return s->image;
	}
	if (!s->image && !(s->image = ask("Image, with its tag", "", s->answers[0])))
		return false;
	if (!s->ports.n) {
		const char *port = ask("Port that it listens on (nothing: none)", "", s->answers[1]);

		if (!port)
			return false;
		if (*port) {
			s->ports.at = xrealloc(NULL, sizeof *s->ports.at);
			s->ports.at[s->ports.n++] = port;
		}
	}
	if (!s->data) {
		s->data = ask("Where it keeps its data (nothing: nowhere)", "", s->answers[2]);
		s->data = s->data && *s->data ? s->data : NULL;
	}
	if (s->data && s->category < 0 && !ask_category(c, s))
		return false;
	if (!s->secret) {
		s->secret = ask("File of secret environment variables (nothing: none)", "", s->answers[3]);
		s->secret = s->secret && *s->secret ? s->secret : NULL;
	}
	return true;
}

static int write_file(struct cli *c, const char *path, struct str text)
{
	_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno == EEXIST ? cli_fail(c, "%s is there already", path) : cli_fail(c, "cannot write %s: %s", path, strerror(errno));
	for (size_t at = 0; at < text.n;) {
		ssize_t n = write(fd, text.s + at, text.n - at);

		if (n < 0 && errno != EINTR)
			return cli_fail(c, "cannot write %s: %s", path, strerror(errno));
		at += n > 0 ? (size_t)n : 0;
	}
	fprintf(stderr, "%s is written: `sudo ctc plan %s` says what it would do.\n", path, path);
	return 0;
}

/* Compiles it; 0 where it is good, and *canonical its text. What is wrong is said. */
static int compiled(struct cli *c, const struct service *s, struct buf *canonical)
{
	_buf_ struct buf text = {0}, path = {0};
	struct compilation made = {.check_only = true};

	service_text(s, &text);
	buf_fmt(&path, "%s.ctstack", s->name);
	compile_text(&made, buf_view(&path), buf_view(&text));
	int status = cli_diags(c, &made.diags, DIAG_TEXT) || made.diags.errors > 0 ||
		     !print_source(&made.diags, source_add(&made.sources, buf_view(&path), buf_view(&text)), canonical);
	compilation_end(&made);
	return status ? cli_fail(c, "nothing was written") : 0;
}

/* Before anybody answers questions in vain: the name with an image that is right. */
static int name_judged(struct cli *c, const struct service *s)
{
	_buf_ struct buf canonical = {0};

	return compiled(c, &(struct service){.name = s->name, .image = "localhost/image:1"}, &canonical);
}

static int init(struct cli *c, struct service *s)
{
	_buf_ struct buf path = {0}, canonical = {0};
	unsigned number;
	const char *protocol;

	for (size_t i = 0; i < s->ports.n; i++)
		if (!port_read(s->ports.at[i], &number, &protocol))
			return cli_fail(c, "`%s` is no port: 8080, 53/udp", s->ports.at[i]);
	int status = compiled(c, s, &canonical);
	if (status)
		return status;
	if (s->output && strcmp(s->output, "-") == 0)
		return cli_print(c, buf_view(&canonical));
	buf_fmt(&path, "%s.ctstack", s->name);
	buf_addc(&path, '\0');
	return write_file(c, s->output ? s->output : path.s, buf_view(&canonical));
}

int cmd_init(struct cli *c, int argc, char **argv)
{
	struct service s = {.category = -1};
	const struct cli_option options[] = {
		{"image", 'i', CLI_TEXT, &s.image, "REFERENCE", "the image, with its tag", NULL},
		{"port", 'p', CLI_TEXTS, &s.ports, "PORT", "a port that it listens on: 8080, 53/udp; may be given several times", NULL},
		{"data", 'd', CLI_TEXT, &s.data, "PATH", "where it keeps its data, as it sees it: /config", NULL},
		{"category", 'c', CLI_WORD, &s.category, NULL, "what kind of data, and so where it is on the host", categories},
		{"secret", 's', CLI_TEXT, &s.secret, "PATH", "a file of this host with secret environment variables", NULL},
		{"output", 'o', CLI_TEXT, &s.output, "FILE", "where to write; - is standard output; without it NAME.ctstack", NULL},
		{0},
	};
	int status = 1, n = cli_options(c, options, argc, argv, &status);

	if (n >= 0 && n != 1)
		status = cli_fail(c, "name the service: ctc init NAME");
	s.name = n == 1 ? argv[1] : NULL;
	if (s.name && (status = name_judged(c, &s)) == 0)
		status = questions(c, &s) ? init(c, &s) : STATUS_REFUSED;
	free(s.ports.at);
	return status;
}
