#include <stdio.h>
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

/* Find the line "TID COMM" of saved_cmdlines. */
static bool
find_saved_comm(unsigned long tid, const char *saved, char comm[COMM_SIZE])
{
	FILE *in = fopen(saved, "re");
	char line[64];
	unsigned long of;
	bool found = false;
	int at;

	if (in == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "%lu%n", &of, &at) == 1 && of == tid &&
		    line[at] == ' ') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(comm, COMM_SIZE, "%.*s", COMM_SIZE - 1,
			    line + at + 1);
			found = true;
		}
	fclose(in);
	return found;
}

bool
comm_find(unsigned long tid, const char *saved, char comm[COMM_SIZE])
{
	return (pidns_is_initial() && read_proc_comm(tid, comm)) ||
	       find_saved_comm(tid, saved, comm);
}
