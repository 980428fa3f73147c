#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/comm.h"
#include "host/pidns.h"

static bool
read_proc_comm(unsigned long tid, char comm[COMM_SIZE])
{
	char path[64];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%lu/comm", tid);
	if ((in = fopen(path, "re")) == NULL)
		return false;
	/* A comm may contain newlines; the file ends with one more. */
	n = fread(comm, 1, COMM_SIZE, in);
	fclose(in);
	if (n > 0)
		comm[n - 1] = '\0';
	return n > 0;
}

/* The search for a task in saved_cmdlines. */
struct saved_search {
	unsigned long tid;
	char comm[COMM_SIZE]; /* of the last entry that may be the task's */
	bool sure;            /* it is certainly an entry */
	unsigned int found;   /* entries that may be the task's */
	bool in_found;        /* the last entry was comm's */
	size_t len; /* of the last entry's comm; no entry before the first */
};

/*
 * Read a line, "TID COMM" or what follows a newline in a comm.  A comm may also
 * hold what looks like the entry of another task.  But it has at most 15 bytes,
 * so a line is certainly an entry if it does not fit behind the last comm.
 */
static void
search_line(struct saved_search *s, const char *line, size_t len)
{
	bool fits = s->len + 1 + len < COMM_SIZE;
	char *end;
	unsigned long tid = strtoul(line, &end, 10);

	if (!isdigit((unsigned char)*line) || *end != ' ') {
		if (fits && s->in_found)
			snprintf(
			    s->comm + s->len, COMM_SIZE - s->len, "\n%s", line);
		s->len += 1 + len;
		return;
	}
	s->len = strlen(end + 1);
	s->in_found = tid == s->tid && !s->sure;
	if (!s->in_found)
		return;
	s->sure = !fits;
	s->found++;
	snprintf(s->comm, COMM_SIZE, "%.*s", COMM_SIZE - 1, end + 1);
}

static bool
find_saved_comm(unsigned long tid, const char *saved, char comm[COMM_SIZE])
{
	FILE *in = fopen(saved, "re");
	struct saved_search s = { .tid = tid, .len = COMM_SIZE };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (in == NULL)
		return false;
	while ((n = getline(&line, &cap, in)) > 0) {
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		search_line(&s, line, (size_t)n);
	}
	free(line);
	fclose(in);
	if (!s.sure && s.found != 1)
		return false;
	memcpy(comm, s.comm, COMM_SIZE);
	return true;
}

bool
comm_find(unsigned long tid, const char *saved, char comm[COMM_SIZE])
{
	return (pidns_is_initial() && read_proc_comm(tid, comm)) ||
	       find_saved_comm(tid, saved, comm);
}
