/*
 * The .bss of live.bpf.c, which make.c maps: parameters and results of a run.
 */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

/* All times are CLOCK_MONOTONIC in ns.  make.c zeroes the rest before a run. */
struct live {
	unsigned long long due;   /* when the next record is due */
	unsigned long long gap;   /* between records; 0: as fast as possible */
	unsigned long long slice; /* the length of one run */
	unsigned long long until; /* when the current run ends */
	unsigned long long made;  /* records submitted or lost */
	unsigned long long lost;
	unsigned long long cost; /* the sum of what submitting took */
	int measure;             /* whether to measure cost */
};

#endif
