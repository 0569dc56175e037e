/* SPDX-License-Identifier: MIT */
/*
 * preload_exec: stands before the C library's exec functions in a program under test. The timer of the sampler outlives
 * an exec, its handler does not, and the first tick before the next program has one of its own would kill that. So the
 * timer stops for the exec; where that fails, it goes on. In a child of vfork() there is no timer to stop.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness/base/attr.h"

enum { MOST_WORDS = 4096 }; /* of an execl(); the kernel takes more, nobody writes them down */

/* The C library's own. */
static struct {
	int (*execve)(const char *, char *const *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	int (*fexecve)(int, char *const *, char *const *);
	int (*execveat)(int, const char *, char *const *, char *const *, int);
} next;

/* Before main(), where dlsym() may still take locks: after a vfork() it must not. */
static void *find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void find_all(void)
{
	*(void **)&next.execve = find("execve");
	*(void **)&next.execvpe = find("execvpe");
	*(void **)&next.fexecve = find("fexecve");
	*(void **)&next.execveat = find("execveat");
}

static struct itimerval stop(void)
{
	static const struct itimerval never;
	struct itimerval before = {0};
	if (!next.execve)
		find_all(); /* a constructor of another library is here before ours */
	setitimer(ITIMER_PROF, &never, &before);
	return before;
}

/* The exec has failed, for a reason that stays. */
static int go_on(const struct itimerval *before)
{
	int reason = errno;
	setitimer(ITIMER_PROF, before, NULL);
	errno = reason;
	return -1;
}

ASSAY_API int execve(const char *path, char *const argv[], char *const envp[])
{
	const struct itimerval before = stop();
	next.execve(path, argv, envp);
	return go_on(&before);
}

ASSAY_API int execvpe(const char *file, char *const argv[], char *const envp[])
{
	const struct itimerval before = stop();
	next.execvpe(file, argv, envp);
	return go_on(&before);
}

ASSAY_API int fexecve(int fd, char *const argv[], char *const envp[])
{
	const struct itimerval before = stop();
	next.fexecve(fd, argv, envp);
	return go_on(&before);
}

/* The C library has it since 2.34, and before that nobody calls it. */
ASSAY_API int execveat(int folder, const char *path, char *const argv[], char *const envp[],
		       int flags)
{
	const struct itimerval before = stop();
	errno = ENOSYS;
	if (next.execveat)
		next.execveat(folder, path, argv, envp, flags);
	return go_on(&before);
}

ASSAY_API int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

ASSAY_API int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* The words of an execl() as an array, and behind them the environment where the call has its own. */
static int exec_words(int (*exec)(const char *, char *const *, char *const *), const char *program,
		      const char *first, va_list *rest, bool own_environment)
{
	char *argv[MOST_WORDS];
	size_t n = 0;
	for (const char *word = first;; word = va_arg(*rest, const char *)) {
		if (n == MOST_WORDS) {
			errno = E2BIG;
			return -1;
		}
		argv[n++] = (char *)word;
		if (!word)
			break;
	}
	return exec(program, argv, own_environment ? va_arg(*rest, char *const *) : environ);
}

ASSAY_API int execl(const char *path, const char *first, ...)
{
	va_list rest;
	va_start(rest, first);
	int failed = exec_words(execve, path, first, &rest, false);
	va_end(rest);
	return failed;
}

ASSAY_API int execlp(const char *file, const char *first, ...)
{
	va_list rest;
	va_start(rest, first);
	int failed = exec_words(execvpe, file, first, &rest, false);
	va_end(rest);
	return failed;
}

ASSAY_API int execle(const char *path, const char *first, ...)
{
	va_list rest;
	va_start(rest, first);
	int failed = exec_words(execve, path, first, &rest, true);
	va_end(rest);
	return failed;
}
