/*
 * Launching: the way from a parsed package to programs that are attached and
 * maps that can be polled.  skel-load and the C library both follow these
 * steps:
 *
 *	launch_arguments()	the program's arguments fill in its variables
 *	launch_open()		the ELF object is opened, places to attach are
 *				chosen, the exported maps are described
 *	launch_load()		the kernel verifies the programs, makes the maps
 *	launch_open_poller()	buffers are mapped, symbols can be looked up
 *	launch_attach()		the programs run
 *
 * Functions that return int return 0, or -1 after reporting what failed; then
 * launch_unload() takes back what was done in the kernel.
 */
#ifndef SKEL_SESSION_LAUNCH_H
#define SKEL_SESSION_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/attach.h"
#include "base/buf.h"
#include "load/map-pin.h"
#include "load/map-values.h"
#include "load/object.h"
#include "package/args.h"
#include "package/package.h"
#include "poll/poller.h"
#include "session/launch-option.h"
#include "stream/header.h"
#include "symbolize/symbolizer.h"

/* An object beside that of the package. */
struct launch_object {
	unsigned char *bytes; /* owned; NULL: there is none */
	struct bpf_elf elf;
};

/* A zeroed one is closed. */
struct launch {
	struct package package; /* owned: the caller opens it here */
	/* The package's object as it was written, while the package has the one
	 * that counts, or the other way round. */
	struct launch_object other;
	bool counting; /* the package has the one that counts */
	const struct launch_options *options; /* borrowed */
	struct object object;
	struct map_values values; /* that maps get before programs run */
	struct map_pins pins;     /* of maps that their definition pins */
	bool opened_again; /* what was noticed when it was opened stays so */
	bool attached;     /* with success: then the pins stay */
	struct stream_header header; /* of the exported maps */
	struct attachments attachments;
	struct attach_refused refused; /* programs that are left out */
	struct symbolizer *symbolizer; /* owned, or NULL */
	struct poller *poller;         /* owned, or NULL */
	/* What launch_open_poller() was called with; borrowed. */
	const struct poller_options *poller_options;
	const struct poll_sink *poll_sink;
	void *sink;
};

/*
 * Sets the variables of p from the argc arguments of its program, which do not
 * include the program's name, and from their defaults.  For --help and
 * --version appends the text that was asked for to text: command is what the
 * usage line in it begins with.  hint, if not NULL, ends the error message for
 * an unknown argument.  Options that the program does not have, but options
 * does, are set there, unless options is NULL.  Returns what args_parse() does;
 * ARGS_FAILED, reported, also if the package's own description of its arguments
 * is wrong.
 */
enum args_result launch_arguments(struct package *p, int argc,
    char *const argv[], struct launch_options *options, const char *command,
    const char *hint, struct buf *text);

/*
 * Has the object that counts its calls (infer/count-calls.h) loaded in place of
 * the package's; if there is none, counted is empty, and this does nothing.
 * Takes over the bytes of counted.  To be called before launch_open().
 */
int launch_set_counted(struct launch *l, struct buf *counted);

/* Opens the object of l->package and fills in l->header.  o is borrowed until
 * launch_close(). */
int launch_open(struct launch *l, const struct launch_options *o);

/* Opens the object anew, because options were set since. */
int launch_reopen(struct launch *l);

/*
 * Loads the object, and gives its maps their values.  If the kernel refuses a
 * program that may fail (attach/choose.h), opens and loads the object again
 * without it; and if it refuses the object with its calls counted, as it was
 * written, with a notice.
 */
int launch_load(struct launch *l);

/* Whether every record of the program's ring buffers wakes who reads them
 * (infer/wakeup-flags.h). */
bool launch_records_wake(const struct launch *l);

/*
 * Opens l->symbolizer and l->poller, which hands records to sink with ctx.
 * To be called before launch_attach(), since a perf buffer keeps only what is
 * written after it was opened.  The size of perf buffers and the poll timeout
 * come from the package; those in o are ignored.  o is borrowed until
 * launch_attach() returns, sink and ctx until launch_unload().
 */
int launch_open_poller(struct launch *l, const struct poller_options *o,
    const struct poll_sink *sink, void *ctx);

/*
 * Attaches all programs, and gives the poller, if there is one, the links of
 * iterators.  If one program cannot be attached, none is.  If another form of
 * it can, this begins again with launch_open() and keeps only the header; so
 * the object, the symbolizer and the poller may be used only afterwards.
 */
int launch_attach(struct launch *l);

/* Detaches, unloads and stops polling.  The package and header stay. */
void launch_unload(struct launch *l);

/* Unloads, and releases everything, the package too. */
void launch_close(struct launch *l);

#endif
