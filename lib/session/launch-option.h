/*
 * The options that change how a package is opened, loaded and attached, by the
 * long names that they have on the command line of skel-load.  skel-load and
 * the C library both set them here, so that each means the same in both.
 */
#ifndef SKEL_SESSION_LAUNCH_OPTION_H
#define SKEL_SESSION_LAUNCH_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/option.h"
#include "load/map-size.h"
#include "load/map-values.h"
#include "package/args.h"
#include "package/sample-option.h"
#include "stream/header.h"

/* Zeroed, they stand for the defaults. */
struct launch_options {
	const char *btf; /* a BTF file or archive, as for object_open() */
	enum stream_encoding encoding; /* of the stream that is to be written */
	struct attach_options attach;  /* owned: where programs go */
	const char **maps; /* owned: the exports to read; nmaps 0: all */
	size_t nmaps, maps_cap;
	/* Owned: what is sampled, over the package. */
	struct sample_option *samples;
	size_t nsamples, samples_cap;
	struct map_size *sizes; /* owned: of maps, over the package */
	size_t nsizes, sizes_cap;
	struct map_setting *settings; /* owned: values of maps */
	size_t nsettings, settings_cap;
	bool as_is;      /* load what was written: count no calls */
	bool no_symbols; /* show addresses as numbers */
	bool
	    in_host; /* leave no child in a process that may wait for its own */
	/* Owned: the types of records, as in struct pack_options. */
	const char **events;
	size_t nevents, events_cap;
	const char **as; /* owned: the arguments of --as */
	size_t nas, as_cap;
	bool only_verify; /* nothing will be attached: do not ask where */
	char **texts;     /* owned: copies of the options' values */
	size_t ntexts, texts_cap;
};

/*
 * Sets the option of this name, as "attach", to the value, as "on_exec=off";
 * both are copied.  The value of an option that has none is NULL.  An option
 * that may be given several times is added to those before.  Returns 0; or -1
 * after reporting that there is no such option, or what is wrong with its
 * value.
 */
int launch_option_set(
    struct launch_options *o, const char *name, const char *value);

/*
 * Sets an option that stands among the program's arguments, for struct
 * args_others of package/args.h.  Options that had to be known before the
 * package was read are unknown here.
 */
enum args_other launch_option_take(
    void *options, const char *name, const char *value, const char *next);

/* Releases what o owns, and zeroes it. */
void launch_options_free(struct launch_options *o);

#endif
