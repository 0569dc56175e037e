/* SPDX-License-Identifier: MIT */
/*
 * odd_start: run a program as some surroundings do.
 *   old-kernel  none of the calls that Linux has had since 5.1: pidfd_open (5.3), close_range (5.9), epoll_pwait2 (5.11)
 *   no-links    no file can have a second name, as on the file systems of memory sticks
 *   unwaited    SIGCHLD is ignored, so that children end without a trace
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From this number on calls are numbered alike on all machines; pidfd_send_signal, of 5.1. */
enum { FIRST_NEW_CALL = 424 };

static bool install(struct sock_filter *rules, size_t n)
{
	const struct sock_fprog program = {(unsigned short)n, rules};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool forget_new_calls(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_NEW_CALL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	return install(rules, sizeof(rules) / sizeof(rules[0]));
}

static bool refuse_links(void)
{
#ifdef SYS_link
	const unsigned old_link = SYS_link;
#else
	const unsigned old_link = SYS_linkat;
#endif
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, old_link, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	return install(rules, sizeof(rules) / sizeof(rules[0]));
}

static bool ignore_children(void)
{
	return signal(SIGCHLD, SIG_IGN) != SIG_ERR;
}

static const struct {
	const char *name;
	bool (*arrange)(void);
} surroundings[] = {
	{"old-kernel", forget_new_calls},
	{"no-links", refuse_links},
	{"unwaited", ignore_children},
};

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	for (size_t i = 0; i < sizeof(surroundings) / sizeof(surroundings[0]); i++)
		if (strcmp(surroundings[i].name, argv[1]) == 0 && surroundings[i].arrange())
			execv(argv[2], argv + 2);
	fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
	return 3;
}
