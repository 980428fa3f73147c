/*
 * Why a program could not be attached, as a value.  The functions of the ways
 * return it and report nothing; attach/job.c and attach/where.c, which know
 * the program and the command line, turn it into one message.
 */
#ifndef SKEL_ATTACH_ERROR_H
#define SKEL_ATTACH_ERROR_H

enum attach_failure {
	ATTACH_OK,       /* no failure */
	ATTACH_INVALID,  /* .text gives the reason */
	ATTACH_DENIED,   /* EPERM or EACCES: the process lacks a privilege */
	ATTACH_MISSING,  /* the place does not exist; .text may say more */
	ATTACH_FAILED,   /* any other errno */
	ATTACH_REPORTED, /* another room of lib/ has reported it */
};

struct attach_error {
	enum attach_failure failure;
	int error;  /* the errno of DENIED, MISSING and FAILED, else 0 */
	char *text; /* owned: of INVALID, perhaps of MISSING, else NULL */
};

#define ATTACH_SUCCESS ((struct attach_error){ .failure = ATTACH_OK })

/* The failure that an errno stands for; ATTACH_FAILED for 0 too. */
struct attach_error attach_errno(int error);

/* ATTACH_INVALID with this text, which follows "program P: PLACE: " or
 * "-a PROG=WHERE: "; or ENOMEM if there is no memory for it. */
struct attach_error attach_invalid(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The same for ATTACH_MISSING: the kernel or the file lacks the place. */
struct attach_error attach_missing(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The text of the failure: its own, or strerror(3)'s.  Borrowed from e. */
const char *attach_error_text(const struct attach_error *e);

/* Release the text.  Only needed where an error is not returned. */
void attach_error_free(struct attach_error *e);

#endif
