/*
 * What live.bpf.c and the program that runs it tell each other, in its .bss.
 */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

/* All times are CLOCK_MONOTONIC, ns; it is zeroed before each run. */
struct live {
	unsigned long long due;   /* when the next record is */
	unsigned long long gap;   /* between two; 0: as fast as possible */
	unsigned long long slice; /* a run of the program is as long */
	unsigned long long until; /* when the run under way ends */
	unsigned long long made;  /* records submitted or lost */
	unsigned long long lost;
	unsigned long long cost; /* what submitting took, all in all */
	int measure;             /* whether that is to be known */
};

#endif
