/*
 * Captures libbpf's log: forwards each message to report() and keeps the last
 * warnings of each thread.  They go into error messages and tell why libbpf or
 * the kernel refused an object.  bpf-elf.c needs this to read BTF, so it is not
 * in load/, whose object.c uses most of it.
 */
#ifndef SKEL_ELF_LIBBPF_LOG_H
#define SKEL_ELF_LIBBPF_LOG_H

#include <stdint.h>

/* Captures libbpf's messages on this thread.  Those on other threads go to the
 * function that libbpf_set_print() had before. */
void libbpf_log_capture(void);

/* Stops capturing on this thread. */
void libbpf_log_release(void);

/* Forgets the messages so far: the next ones belong to another operation. */
void libbpf_log_clear(void);

/* Reports the last warnings as errors, unless -v has shown them already. */
void libbpf_log_report(void);

/* The program that the last warning about one named; "" if there was none.
 * Borrowed until libbpf_log_clear(). */
const char *libbpf_log_program(void);

/* Why an object could not be loaded. */
enum libbpf_refusal_kind {
	LIBBPF_REFUSED,           /* for another reason: error */
	LIBBPF_REFUSED_PRIVILEGE, /* EPERM, and the verifier did not run */
	/* The BTF exists, but there was no memory or descriptor to read it, or
	 * reading failed: btf_error. */
	LIBBPF_REFUSED_BTF_READ,
	LIBBPF_REFUSED_TARGET_BTF, /* the file given as the kernel's BTF is none
				    */
	LIBBPF_REFUSED_KERNEL_BTF, /* no BTF of the kernel was found */
	LIBBPF_REFUSED_RELOCATION, /* the BTF lacks a type or member: detail */
	LIBBPF_REFUSED_EXTERN, /* the kernel lacks a symbol, function or option
				  that the object declares: detail */
	LIBBPF_REFUSED_HOOK,   /* the kernel has nothing of the name it attaches
				  to */
	LIBBPF_REFUSED_MAP,    /* the kernel did not create a map: map */
	LIBBPF_REFUSED_VERIFIER, /* the verifier refused the program: log */
};

struct libbpf_refusal {
	enum libbpf_refusal_kind kind;
	int error;           /* errno of bpf_object__load() */
	int btf_error;       /* errno, or 0 */
	const char *program; /* borrowed, as all here; "" if none was named */
	const char *map;     /* "" if none was named */
	const char *log;     /* the verifier's log of program, or NULL */
	/* The relocation, part of log and up to the newline; or the extern. */
	const char *detail;
};

/* The name of a type of map for messages; "type 99" if this libbpf does not
 * know it.  Valid until the thread's next call but one. */
const char *libbpf_map_type_name(uint32_t type);

/* Classifies the failure of bpf_object__load() with this errno by the messages
 * since libbpf_log_clear().  The result is valid until the next one. */
struct libbpf_refusal libbpf_log_refusal(int error);

#endif
