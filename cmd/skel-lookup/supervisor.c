#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/util.h"
#include "child.h"
#include "host-worker.h"
#include "host/confine.h"
#include "lookup/message.h"
#include "supervisor.h"
#include "worker.h"

/* A sanitizer makes everything slower. */
#define SLOWER (SANITIZED ? 5 : 1)

/* The processor time that a request may take, and that all of a file's may:
 * FILE_TIME, and OFFSET_TIME for each offset. */
#define REQUEST_TIME (CLOCK_SECOND * SLOWER)
#define FILE_TIME (2 * CLOCK_SECOND * SLOWER)
#define OFFSET_TIME (CLOCK_SECOND / 50)
/* The same of a request for names of the host, with the first of which the tree
 * of cgroups is read. */
#define HOST_TIME (5 * CLOCK_SECOND * SLOWER)
/* The time that a request may take, if its file system does not answer. */
#define SLEEP_TIME (5 * CLOCK_SECOND * SLOWER)
/* The same two for the worker that has quick requests only. */
#define QUICK_TIME (CLOCK_SECOND / 10 * SLOWER)
#define QUICK_SLEEP (CLOCK_SECOND / 2 * SLOWER)
/* When a request takes longer than this, another worker serves the others. */
#define PATIENCE (CLOCK_SECOND / 5)
/* How often the times are looked at. */
#define LOOK_MS 20
/* A worker beside the first that had nothing to do for so long ends. */
#define IDLE_TIME (10 * CLOCK_SECOND)

enum {
	/* One reads no file but the list of the kernel's functions, which is
	 * honest, so that nobody can keep it from that; one finds the names
	 * that only this host knows; the others read files.
	 * Of these the first has the most memory, and the last ends what is not
	 * quick, so that files that take long cannot keep it from others. */
	KERNEL_WORKER = 0,
	HOST_WORKER,
	FIRST_WORKER,
	SECOND_WORKER,
	QUICK_WORKER,
	WORKERS_MAX,
	FILES_MAX = 4096,
	JOBS_MAX = 8192,      /* requests that wait */
	STRIKES_MAX = 8,      /* bad files of a user */
	OFFENDERS_MAX = 1024, /* users that have bad files */
	HOST_ENDS_MAX = 8,    /* of the worker for the host, by bad ends */
	DESCRIPTORS_KEPT = 32,
	/* Of a file without bad news. */
	GOOD = LOOKUP_REASONS,
};

/* The memory of each worker. */
static const uint64_t worker_bytes[WORKERS_MAX] = {
	[KERNEL_WORKER] = 144 << 20,
	[HOST_WORKER] = 64 << 20,
	[FIRST_WORKER] = 112 << 20,
	[SECOND_WORKER] = 32 << 20,
	[QUICK_WORKER] = 32 << 20,
};

struct file {
	struct hash_key key;        /* the number, 0 */
	struct lookup_packet *told; /* owned: the message, with descriptors */
	uint64_t owner;             /* the key of who is blamed for it */
	uint64_t spent, allowed;    /* processor time, ns */
	unsigned int reason;        /* enum lookup_reason, or GOOD */
	bool large;                 /* only the first worker reads it */
	/* The serial numbers of the workers that were told of it. */
	uint64_t known_to[WORKERS_MAX];
};

/* A request that waits. */
struct job {
	struct job *next;
	struct lookup_find request; /* its end is missing */
};

struct worker_process {
	pid_t pid;       /* 0: none */
	int pidfd;       /* owned */
	int fd;          /* owned */
	uint64_t serial; /* differs for each process */
	struct job *job; /* owned: what it works at, or NULL */
	uint64_t njobs;  /* that it has begun */
	uint64_t began;  /* when, of clock_elapsed() */
	uint64_t spent;  /* its processor time then */
	uint64_t queued; /* the time that it had waited for a processor then */
};

struct offender {
	struct hash_key key; /* who, 0 */
	unsigned int strikes;
};

struct supervisor {
	int fd;
	int kallsyms, kallsyms_error;
	struct host_names *names;
	struct worker_process workers[WORKERS_MAX];
	uint64_t serial;
	struct hash files; /* of struct file */
	size_t files_max;
	struct hash offenders; /* of struct offender */
	struct file kernel;    /* which has no message */
	struct file host;      /* nor has this */
	unsigned int host_ends;
	struct job *first, **last;
	size_t njobs;
	bool over; /* the other end has gone */
	struct lookup_packet packet;
};

static void
send_up(struct supervisor *s, const void *message, size_t len)
{
	if (lookup_send(s->fd, message, len, NULL, false) == -1)
		s->over = true;
}

static void
tell_bad(struct supervisor *s, uint32_t number, unsigned int reason)
{
	const struct lookup_bad bad = { .head = { LOOKUP_BAD, number },
		.reason = reason };

	send_up(s, &bad, sizeof(bad));
}

static void
tell_done(struct supervisor *s, uint32_t request)
{
	const struct lookup_head done = { LOOKUP_DONE, request };

	send_up(s, &done, sizeof(done));
}

static struct file *
find_file(struct supervisor *s, uint32_t number)
{
	if (number == LOOKUP_KERNEL)
		return &s->kernel;
	if (number == LOOKUP_HOST)
		return &s->host;
	return hash_find(&s->files, (struct hash_key){ number, 0 });
}

/* The processor time of a process, which may be a zombie; 0 if unknown. */
static uint64_t
processor_time(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &t) == -1)
		return 0;
	return (uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec;
}

/* The time that a process was ready but waited for a processor, which the
 * kernel tells if it was built to; 0 if unknown. */
static uint64_t
queued_time(pid_t pid)
{
	char path[64], text[128];
	unsigned long long queued = 0;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%*s %llu", &queued) == 1 ? queued : 0;
}

/* In the new process. */
static _Noreturn void
become_worker(const struct supervisor *s, int fd, size_t number, pid_t parent)
{
	/* The supervisor may have ended before this. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	/* All descriptors of files belong to the supervisor. */
	close(s->fd);
	for (size_t i = 0; i < nitems(s->workers); i++)
		if (s->workers[i].pid != 0) {
			close(s->workers[i].fd);
			close(s->workers[i].pidfd);
		}
	for (size_t i = 0; i < s->files.n; i++) {
		struct file *f = hash_at(&s->files, i);

		if (f->told != NULL)
			lookup_packet_close(f->told);
	}
	if (number == HOST_WORKER)
		host_worker_run(fd, s->names, worker_bytes[number]);
	host_names_close(s->names);
	worker_run(fd, s->kallsyms, s->kallsyms_error, worker_bytes[number],
	    number > FIRST_WORKER);
}

/* Starts worker w, which has its job.  Returns whether that worked. */
static bool
start_worker(struct supervisor *s, struct worker_process *w)
{
	struct job *job = w->job;
	pid_t parent = getpid(), pid;
	int pair[2], pidfd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	pid = child_fork(&pidfd);
	if (pid == 0) {
		close(pair[0]);
		become_worker(s, pair[1], (size_t)(w - s->workers), parent);
	}
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		return false;
	}
	*w = (struct worker_process){
		.pid = pid,
		.pidfd = pidfd,
		.fd = pair[0],
		.serial = ++s->serial,
		.job = job,
	};
	return true;
}

static struct offender *
get_offender(struct supervisor *s, uint64_t who)
{
	const struct hash_key key = { who, 0 };
	struct offender *o = hash_find(&s->offenders, key);

	if (o != NULL)
		return o;
	if (s->offenders.n == OFFENDERS_MAX)
		hash_drop_oldest(&s->offenders);
	return hash_add(&s->offenders, key);
}

static bool
has_struck_out(struct supervisor *s, uint64_t who)
{
	const struct offender *o =
	    hash_find(&s->offenders, (struct hash_key){ who, 0 });

	return o != NULL && o->strikes >= STRIKES_MAX;
}

/* The worker for the host has ended: says so once, and gives up when that has
 * happened too often. */
static void
note_host_end(struct supervisor *s, unsigned int reason)
{
	if (s->host_ends++ == 0)
		tell_bad(s, LOOKUP_HOST, reason);
	if (s->host_ends == HOST_ENDS_MAX)
		s->host.reason = reason;
}

/* Marks a file as one that is not read any more. */
static void
condemn(struct supervisor *s, struct file *f, unsigned int reason)
{
	struct offender *o;

	if (f == &s->host)
		note_host_end(s, reason);
	if (f == &s->kernel || f == &s->host || f->reason != GOOD)
		return;
	f->reason = reason;
	if (reason != LOOKUP_STRIKES && (o = get_offender(s, f->owner)) != NULL)
		o->strikes++;
	/* Nobody opens it again. */
	if (f->told != NULL)
		lookup_packet_close(f->told);
	tell_bad(s, (uint32_t)f->key.a, reason);
}

/* The process of a worker has ended, or is given up: forgets it. */
static void
forget_worker(struct supervisor *s, struct worker_process *w)
{
	struct job *job = w->job;

	close(w->fd);
	close(w->pidfd);
	*w = (struct worker_process){ .pid = 0 };
	if (job != NULL)
		tell_done(s, job->request.head.number);
	free(job);
}

/* Adds what a worker has spent since it began its request to its file. */
static void
charge(struct supervisor *s, struct worker_process *w)
{
	struct file *f = find_file(s, w->job->request.file);

	if (f != NULL)
		f->spent += processor_time(w->pid) - w->spent;
}

/* Why a worker ended that nobody killed. */
static unsigned int
reason_of_end(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_NO_MEMORY)
		return LOOKUP_MEMORY;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return LOOKUP_TOOK_LONG;
	return LOOKUP_CRASHED;
}

/* A worker ends because of the file: what it has spent on others is lost, and
 * no fault of theirs, so it does not count when they are opened again. */
static void
spare_others(struct supervisor *s, const struct worker_process *w,
    const struct file *guilty)
{
	for (size_t i = 0; i < s->files.n; i++) {
		struct file *f = hash_at(&s->files, i);

		if (f != guilty && f->known_to[w - s->workers] == w->serial)
			f->spent = 0;
	}
}

static void
kill_worker(struct supervisor *s, struct worker_process *w, unsigned int reason)
{
	struct file *f =
	    w->job != NULL ? find_file(s, w->job->request.file) : NULL;

	child_kill(w->pidfd);
	child_reap(w->pid);
	spare_others(s, w, f);
	if (f != NULL)
		condemn(s, f, reason);
	forget_worker(s, w);
}

/* Puts the job of a worker that has ended back, for another one. */
static void
put_job_back(struct supervisor *s, struct worker_process *w)
{
	struct job *job = w->job;

	w->job = NULL;
	job->next = s->first;
	if (s->first == NULL)
		s->last = &job->next;
	s->first = job;
	s->njobs++;
}

/* The worker has closed its socket. */
static void
end_worker(struct supervisor *s, struct worker_process *w)
{
	struct file *f =
	    w->job != NULL ? find_file(s, w->job->request.file) : NULL;
	unsigned int reason;
	int status = 0;

	/* It may have closed the socket only. */
	child_kill(w->pidfd);
	if (f != NULL)
		charge(s, w);
	if (waitpid(w->pid, &status, 0) == -1)
		status = 0;
	reason = reason_of_end(status);
	spare_others(s, w, f);
	/* All of the largest memory may be enough. */
	if (f != NULL && f != &s->host && reason == LOOKUP_MEMORY &&
	    (w != &s->workers[FIRST_WORKER] || w->njobs > 1)) {
		f->large = true;
		put_job_back(s, w);
	} else if (f != NULL) {
		condemn(s, f, reason);
	}
	forget_worker(s, w);
}

/* Whether a worker has waited for longer than limit for something other than a
 * processor: on a busy machine it may just have had no turn. */
static bool
slept_for(const struct worker_process *w, uint64_t now, uint64_t spent,
    uint64_t limit)
{
	uint64_t passed = now - w->began;

	return passed > limit + spent &&
	       passed > limit + spent + queued_time(w->pid) - w->queued;
}

/* Leaves the file to a worker that has more time. */
static void
hand_over(struct supervisor *s, struct worker_process *w, struct file *f)
{
	charge(s, w);
	child_kill(w->pidfd);
	child_reap(w->pid);
	spare_others(s, w, f);
	f->large = true;
	put_job_back(s, w);
	forget_worker(s, w);
}

/* Ends a worker whose request takes more than it may. */
static void
check_times(struct supervisor *s, struct worker_process *w, uint64_t now)
{
	uint64_t spent = processor_time(w->pid) - w->spent;
	struct file *f = find_file(s, w->job->request.file);

	/* The list of the kernel's functions is honest, but may be long. */
	if (f == &s->kernel || f == NULL)
		return;
	if (spent > (f == &s->host ? HOST_TIME : REQUEST_TIME) ||
	    (f != &s->host && f->spent + spent > f->allowed))
		kill_worker(s, w, LOOKUP_TOOK_LONG);
	else if (slept_for(w, now, spent, SLEEP_TIME))
		kill_worker(s, w, LOOKUP_SLEPT);
	else if (w == &s->workers[QUICK_WORKER] &&
		 (spent > QUICK_TIME || slept_for(w, now, spent, QUICK_SLEEP)))
		hand_over(s, w, f);
}

/* Tells a worker of the file, unless it knows.  Returns 0, or -1 if it has
 * gone. */
static int
tell_file(struct supervisor *s, struct worker_process *w, struct file *f)
{
	uint64_t *known = &f->known_to[w - s->workers];

	if (f->told == NULL || *known == w->serial)
		return 0;
	*known = w->serial;
	return lookup_send(
	    w->fd, &f->told->m, f->told->len, f->told->fds, false);
}

/* Has a worker do a job, which becomes its own. */
static void
begin_job(struct supervisor *s, struct worker_process *w, struct job *job)
{
	struct file *f = find_file(s, job->request.file);

	w->job = job;
	w->began = clock_elapsed();
	w->spent = processor_time(w->pid);
	w->queued = queued_time(w->pid);
	w->njobs++;
	f->allowed += job->request.n * OFFSET_TIME;
	/* If it has gone, its socket says so. */
	if (tell_file(s, w, f) == 0)
		lookup_send(w->fd, &job->request,
		    lookup_find_len(&job->request), NULL, false);
}

static bool
is_file_at_work(const struct supervisor *s, uint32_t number)
{
	for (size_t i = 0; i < nitems(s->workers); i++)
		if (s->workers[i].job != NULL &&
		    s->workers[i].job->request.file == number)
			return true;
	return false;
}

/* Whether a request for a file is one for worker w. */
static bool
may_read(const struct supervisor *s, const struct worker_process *w,
    const struct file *f)
{
	size_t i = (size_t)(w - s->workers);

	if (f == &s->kernel || i == KERNEL_WORKER)
		return f == &s->kernel && i == KERNEL_WORKER;
	if (f == &s->host || i == HOST_WORKER)
		return f == &s->host && i == HOST_WORKER;
	return i == FIRST_WORKER || !f->large;
}

/* Takes the first job that worker w can do from the list; answers those on the
 * way that cannot be done.  Returns NULL if there is none. */
static struct job *
take_job(struct supervisor *s, const struct worker_process *w)
{
	struct job **at = &s->first, *job;

	while ((job = *at) != NULL) {
		struct file *f = find_file(s, job->request.file);
		bool hopeless;

		if (f != NULL && f->reason == GOOD && f->told != NULL &&
		    has_struck_out(s, f->owner))
			condemn(s, f, LOOKUP_STRIKES);
		hopeless = f == NULL || f->reason != GOOD;
		if (!hopeless && (is_file_at_work(s, job->request.file) ||
				     !may_read(s, w, f))) {
			at = &job->next;
			continue;
		}
		if ((*at = job->next) == NULL)
			s->last = at;
		s->njobs--;
		if (!hopeless)
			return job;
		if (f == NULL)
			tell_bad(s, job->request.file, LOOKUP_FORGOTTEN);
		tell_done(s, job->request.head.number);
		free(job);
	}
	return NULL;
}

/* A worker for files that may take a job now, or NULL. */
static struct worker_process *
get_worker(struct supervisor *s, uint64_t now)
{
	for (size_t i = FIRST_WORKER; i < nitems(s->workers); i++) {
		struct worker_process *w = &s->workers[i];

		if (w->job == NULL)
			return w;
		if (now - w->began < PATIENCE)
			return NULL;
	}
	return NULL;
}

/* Has worker w do a job, if there is one for it.  Returns whether it does. */
static bool
put_to_work(struct supervisor *s, struct worker_process *w)
{
	struct job *job;

	if (s->over || (job = take_job(s, w)) == NULL)
		return false;
	w->job = job;
	if (w->pid != 0 || start_worker(s, w)) {
		begin_job(s, w, job);
		return true;
	}
	w->job = NULL;
	tell_done(s, job->request.head.number);
	free(job);
	return false;
}

static void
dispatch(struct supervisor *s)
{
	struct worker_process *w;

	for (size_t i = KERNEL_WORKER; i < FIRST_WORKER; i++)
		if (s->workers[i].job == NULL)
			put_to_work(s, &s->workers[i]);
	while (s->first != NULL &&
	       (w = get_worker(s, clock_elapsed())) != NULL &&
	       put_to_work(s, w))
		;
}

static void
forget_oldest_file(struct supervisor *s)
{
	struct file *f = hash_at(&s->files, 0);
	const struct lookup_head forget = { LOOKUP_FORGET, (uint32_t)f->key.a };

	for (size_t i = 0; i < nitems(s->workers); i++)
		if (s->workers[i].pid != 0 &&
		    f->known_to[i] == s->workers[i].serial)
			lookup_send(s->workers[i].fd, &forget, sizeof(forget),
			    NULL, true);
	if (f->told != NULL)
		lookup_packet_close(f->told);
	free(f->told);
	hash_drop_oldest(&s->files);
}

/* Keeps the packet, whose descriptors become the file's. */
static void
note_file(struct supervisor *s, struct lookup_packet *p)
{
	const struct hash_key key = { p->m.head.number, 0 };
	struct file *f;

	if (key.a == LOOKUP_KERNEL || hash_find(&s->files, key) != NULL)
		return;
	if (s->files.n == s->files_max)
		forget_oldest_file(s);
	if ((f = hash_add(&s->files, key)) == NULL)
		return;
	f->told = malloc(offsetof(struct lookup_packet, m) + p->len);
	f->reason = f->told != NULL ? (unsigned int)GOOD : LOOKUP_FORGOTTEN;
	f->allowed = FILE_TIME;
	/* Of root's processes only the one is blamed. */
	f->owner =
	    p->m.file.uid != 0 ? p->m.file.uid : (uint64_t)p->m.file.pid << 32;
	if (f->told == NULL)
		return;
	memcpy(f->told, p, offsetof(struct lookup_packet, m) + p->len);
	p->fds[0] = p->fds[1] = -1;
}

static void
add_job(struct supervisor *s, const struct lookup_find *request)
{
	size_t len = lookup_find_len(request);
	struct job *job = NULL;

	if (s->njobs < JOBS_MAX)
		job = malloc(offsetof(struct job, request) + len);
	if (job == NULL) {
		tell_done(s, request->head.number);
		return;
	}
	memcpy(&job->request, request, len);
	job->next = NULL;
	*s->last = job;
	s->last = &job->next;
	s->njobs++;
}

/* Takes all messages from above that are there. */
static void
read_requests(struct supervisor *s)
{
	int got;

	while ((got = lookup_receive(s->fd, &s->packet, true)) == 1) {
		if (s->packet.m.head.type == LOOKUP_FILE)
			note_file(s, &s->packet);
		else if (s->packet.m.head.type == LOOKUP_FIND)
			add_job(s, &s->packet.m.find);
		lookup_packet_close(&s->packet);
	}
	if (got == 0 || (errno != EAGAIN && errno != EPROTO))
		s->over = true;
}

/* A worker has done its job. */
static void
end_job(struct supervisor *s, struct worker_process *w)
{
	charge(s, w);
	free(w->job);
	w->job = NULL;
	w->began = clock_elapsed();
}

/* Passes on what a worker has found.  It is trusted with nothing but its own
 * request. */
static void
read_answers(struct supervisor *s, struct worker_process *w)
{
	struct lookup_packet *p = &s->packet;
	int got;

	while (!s->over && (got = lookup_receive(w->fd, p, true)) == 1) {
		bool own = w->job != NULL &&
			   p->m.head.number == w->job->request.head.number;

		lookup_packet_close(p);
		if ((p->m.head.type == LOOKUP_IMAGE ||
			p->m.head.type == LOOKUP_FOUND) &&
		    own) {
			send_up(s, &p->m, p->len);
		} else if (p->m.head.type == LOOKUP_BAD && w->job != NULL &&
			   w->job->request.file == LOOKUP_KERNEL) {
			p->m.head.number = LOOKUP_KERNEL;
			send_up(s, &p->m, p->len);
		} else if (p->m.head.type == LOOKUP_DONE && own) {
			end_job(s, w);
			send_up(s, &p->m, p->len);
		}
	}
	if (!s->over && (got == 0 || errno != EAGAIN))
		end_worker(s, w);
}

/* Looks at the times of the workers. */
static void
check_workers(struct supervisor *s)
{
	uint64_t now = clock_elapsed();

	for (size_t i = 0; i < nitems(s->workers); i++) {
		struct worker_process *w = &s->workers[i];

		if (w->job != NULL)
			check_times(s, w, now);
		else if (w->pid != 0 && i > FIRST_WORKER &&
			 now - w->began > IDLE_TIME)
			kill_worker(s, w, LOOKUP_CRASHED);
	}
}

/* Waits for messages.  Returns those that have any, or -1. */
static int
wait_for_messages(struct supervisor *s, struct pollfd *fds)
{
	bool busy = false, idle = false;

	fds[0] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	for (size_t i = 0; i < nitems(s->workers); i++) {
		const struct worker_process *w = &s->workers[i];

		fds[i + 1] = (struct pollfd){ .fd = w->pid != 0 ? w->fd : -1,
			.events = POLLIN };
		busy |= w->job != NULL;
		idle |= i > FIRST_WORKER && w->pid != 0;
	}
	return poll(fds, WORKERS_MAX + 1, busy ? LOOK_MS : idle ? 1000 : -1);
}

/* Two descriptors for each file, as far as the limit allows. */
static size_t
count_files_max(void)
{
	struct rlimit l;
	size_t n;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1)
		return 64;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_cur < 4 * DESCRIPTORS_KEPT)
		return DESCRIPTORS_KEPT / 2;
	n = (size_t)(l.rlim_cur - DESCRIPTORS_KEPT) / 2;
	return n < FILES_MAX ? n : (size_t)FILES_MAX;
}

static void
end_all_workers(struct supervisor *s)
{
	for (size_t i = 0; i < nitems(s->workers); i++)
		if (s->workers[i].pid != 0) {
			child_kill(s->workers[i].pidfd);
			child_reap(s->workers[i].pid);
		}
}

int
supervisor_run(
    int fd, int kallsyms, int kallsyms_error, struct host_names *names)
{
	static struct supervisor s;
	const struct lookup_head ready = { LOOKUP_READY, LOOKUP_VERSION };
	struct pollfd fds[WORKERS_MAX + 1];

	s.fd = fd;
	s.kallsyms = kallsyms;
	s.kallsyms_error = kallsyms_error;
	s.names = names;
	s.kernel.reason = GOOD;
	s.host.reason = names != NULL ? GOOD : LOOKUP_MEMORY;
	s.files.size = sizeof(struct file);
	s.offenders.size = sizeof(struct offender);
	s.last = &s.first;
	s.files_max = count_files_max();
	confine_lookup();
	send_up(&s, &ready, sizeof(ready));
	while (!s.over) {
		if (wait_for_messages(&s, fds) == -1 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			read_requests(&s);
		for (size_t i = 0; i < WORKERS_MAX && !s.over; i++)
			if (fds[i + 1].revents != 0)
				read_answers(&s, &s.workers[i]);
		check_workers(&s);
		dispatch(&s);
	}
	end_all_workers(&s);
	return EXIT_SUCCESS;
}
