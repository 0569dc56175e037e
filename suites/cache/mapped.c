/* SPDX-License-Identifier: MIT */
/* mapped: a table of mappings, and a handler that looks into it. */
#include "suites/cache/mapped.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { MAPPED_MOST = 64 };

struct mapped {
	_Atomic(char *) at; /* NULL: free */
	_Atomic size_t bytes;
	atomic_bool lost;
};

/* A signal handler has nothing else to look at. */
static struct mapped all[MAPPED_MOST];
static struct sigaction before;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool zeros_instead(struct mapped *m, const char *fault)
{
	char *at = atomic_load(&m->at);
	size_t bytes = atomic_load(&m->bytes);

	if (!at || fault < at || fault >= at + bytes)
		return false;
	atomic_store(&m->lost, true);
	return mmap(at, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == at;
}

/* On return the access is made again: it reads zeros, or, when it was not ours, meets the handler before us. */
static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	int kept = errno;
	bool found = false;

	(void)context;
	for (size_t i = 0; i < MAPPED_MOST && !found; i++)
		found = zeros_instead(&all[i], info->si_addr);
	if (!found)
		sigaction(signal, &before, NULL);
	errno = kept;
}

/* Lock held. Somebody may have put a handler in our place since the last time. */
static void install(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, now;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &now) == 0 && now.sa_sigaction != on_bus_error)
		before = now;
}

enum assay_code mapped_new(int fd, size_t bytes, struct mapped **ret, char **ret_at,
			   struct assay_err *err)
{
	struct mapped *m = NULL;

	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return assay_fail(err, ASSAY_EIO, "map: %s", strerror(errno));
	pthread_mutex_lock(&lock);
	install();
	for (size_t i = 0; i < MAPPED_MOST && !m; i++)
		if (!atomic_load(&all[i].at))
			m = &all[i];
	if (m) {
		atomic_store(&m->lost, false);
		atomic_store(&m->bytes, bytes);
		atomic_store(&m->at, at);
	}
	pthread_mutex_unlock(&lock);
	if (!m) {
		munmap(at, bytes);
		return assay_fail(err, ASSAY_EIO, "there are %d mapped files already", MAPPED_MOST);
	}
	*ret = m;
	*ret_at = at;
	return ASSAY_OK;
}

void mapped_free(struct mapped *m)
{
	if (!m)
		return;
	char *at = atomic_load(&m->at);
	size_t bytes = atomic_load(&m->bytes);
	/* Free last: another may take the place at once. */
	munmap(at, bytes);
	atomic_store(&m->at, NULL);
}

bool mapped_is_lost(const struct mapped *m)
{
	return atomic_load_explicit(&m->lost, memory_order_relaxed);
}
