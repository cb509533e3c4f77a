/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A system bus that does not answer (runtime/bus.c): a socket on which nobody says a word. All questions share one patience. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/bus.h"
#include "runtime/service.h"

enum { PATIENCE_MS = 1200 };

static char dir[] = "/tmp/ctc-bus.XXXXXX", address[128];

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct deaf {
	struct host h;
	int socket;
};

static int set_up(void **state)
{
	struct deaf *d = calloc(1, sizeof *d);
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	assert_non_null(mkdtemp(dir));
	snprintf(at.sun_path, sizeof at.sun_path, "%s/bus", dir);
	snprintf(address, sizeof address, "unix:path=%s", at.sun_path);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	d->h = (struct host){.root_fd = -1, .bus_patience_us = PATIENCE_MS * 1000};
	d->socket = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(d->socket, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(d->socket, 8), 0);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct deaf *d = *state;
	char path[80];
	int64_t begun = now_ms();

	host_close(&d->h);
	assert_true(now_ms() - begun < 1000); /* nobody is waited for at the end */
	close(d->socket);
	snprintf(path, sizeof path, "%s/bus", dir);
	unlink(path);
	rmdir(dir);
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	free(d);
	return 0;
}

static int64_t ask(struct deaf *d, struct err *e)
{
	static const char *const patterns[] = {"ct-*", NULL};
	struct arena a = {0};
	struct bus_units units = {0};
	int64_t begun = now_ms();

	assert_int_equal(bus_list_units(&d->h, &a, patterns, &units, e), -ETIMEDOUT);
	arena_free(&a);
	return now_ms() - begun;
}

static void the_first_question_has_all_of_the_patience_and_the_next_ones_little(void **state)
{
	struct deaf *d = *state;
	struct err e;
	int64_t first = ask(d, &e), more = 0;

	assert_non_null(strstr(e.text, "list the units: systemd has not answered over the system bus for "));
	assert_true(first >= PATIENCE_MS && first < PATIENCE_MS * 10);
	for (int i = 0; i < 5; i++)
		more += ask(d, &e);
	assert_true(more < PATIENCE_MS * 4);
}

/* Also of what never gave an answer before: the questions of a whole change cost little more than one. */
static void every_kind_of_question_shares_it(void **state)
{
	struct deaf *d = *state;
	struct err e;
	struct arena a = {0};
	struct bus_job job = {.unit = "x.service", .patience_us = 600000000};
	struct bus_prop prop = {.unit = "x.service", .interface = BUS_UNIT, .name = "ActiveState", .type = 's'};
	const char *const names[] = {"x.service"};

	ask(d, &e);
	int64_t begun = now_ms();
	assert_int_equal(bus_get_props(&d->h, &a, &prop, 1, &e), -ETIMEDOUT);
	assert_int_equal(bus_run_jobs(&d->h, BUS_START, &job, 1, true, NULL, &e), -ETIMEDOUT);
	assert_false(job.done);
	assert_int_equal(bus_reload(&d->h, &e), -ETIMEDOUT);
	assert_int_equal(bus_reset_failed(&d->h, names, 1, &e), -ETIMEDOUT);
	assert_int_equal(service_runs(&d->h, &e), -ETIMEDOUT);
	assert_int_equal(service_interrupt(&d->h, &e), -ETIMEDOUT);
	assert_true(now_ms() - begun < PATIENCE_MS * 4);
	arena_free(&a);
}

static void an_interrupt_ends_the_wait(void **state)
{
	static const char *const patterns[] = {"ct-*", NULL};
	struct deaf *d = *state;
	volatile int interrupted = 1;
	struct bus_units units = {0};
	struct arena a = {0};
	struct err e;

	d->h.interrupted = &interrupted;
	assert_int_equal(bus_list_units(&d->h, &a, patterns, &units, &e), -EINTR);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_question_has_all_of_the_patience_and_the_next_ones_little, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_kind_of_question_shares_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_interrupt_ends_the_wait, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
