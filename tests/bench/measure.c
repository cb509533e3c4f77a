/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs a command several times and prints the shortest wall time in milliseconds and the largest resident set
 *in MiB: "12.34 5.6". Its output goes nowhere. measure TIMES COMMAND [ARGUMENT...] Ends with the command's
 *status where that is neither 0 nor 2 (a plan with changes). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int run_once(char **argv, double *ret_ms, long *ret_kib)
{
	struct rusage used;
	double start = now_ms();
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0)
			dup2(null, STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 127;
	*ret_ms = now_ms() - start;
	*ret_kib = used.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	double best = 0;
	long most = 0;

	if (argc < 3) {
		fputs("usage: measure TIMES COMMAND [ARGUMENT...]\n", stderr);
		return 64;
	}
	for (int i = 0, times = atoi(argv[1]); i < times; i++) {
		double ms = 0;
		long kib = 0;
		int status = run_once(argv + 2, &ms, &kib);

		if (status != 0 && status != 2)
			return status;
		if (i == 0 || ms < best)
			best = ms;
		if (kib > most)
			most = kib;
	}
	printf("%.2f %.1f\n", best, (double)most / 1024);
	return 0;
}
