/*
 * skel-pack: make a package from an object file.
 *
 *	clang -g -O2 --target=bpf -c x.bpf.c && skel-pack x.bpf.o >x.json
 *	skel-pack x.bpf.o | skel-load | skel-fmt
 *
 * Reads an ELF object and writes its package: one line of JSON with the object
 * and a description of its globals, maps and programs from its BTF.  --unpack
 * is the reverse.  A package does not contain when and where it was made, so
 * that the same object always gives the same bytes and a package can be
 * verified against its source.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/output.h"
#include "base/report.h"
#include "command.h"
#include "elf/object-check.h"
#include "host/confine.h"
#include "package/input.h"
#include "package/pack.h"
#include "package/package.h"

static const struct option long_options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "unpack", no_argument, NULL, 'u' },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage = "usage: skel-pack [-qv] [-n name] [file]\n"
		 "       skel-pack [-qv] -u [file]\n"
		 "       skel-pack -h | -V\n",
	.help = "\n"
		"Print a package made from a BPF object, from a file or "
		"standard input.\n"
		"\n"
		"  -n, --name NAME   name of the object; default: x_bpf for "
		"x.bpf.o\n"
		"  -u, --unpack      print the object of a package\n"
		"  -q, --quiet, --no-log\n"
		"                    print errors only\n"
		"  -v, --verbose     print what is done; twice: libbpf's "
		"messages too\n"
		"  -h, --help        print this help\n"
		"  -V, --version     print the version\n",
};

/* Reports a package that is to be packed again, which is a frequent mistake.
 * Returns 0 or -1. */
static int
check_not_json(const struct buf *in, const char *name)
{
	size_t i = 0;

	while (i < in->len && strchr(" \t\r\n", in->data[i]) != NULL)
		i++;
	if (i == in->len || in->data[i] != '{')
		return 0;
	report_error("%s: this is JSON, not an object file; --unpack "
		     "extracts the object from a package",
	    name);
	return -1;
}

static int
pack(const char *file, const char *name, struct buf *out)
{
	const char *shown = file != NULL ? file : "<stdin>";
	const struct pack_options options = {
		.name = name != NULL   ? name
			: file == NULL ? "stdin"
				       : NULL,
	};
	struct buf in = { 0 };
	int ret = -1;

	if (package_input_read(&in, file, shown, OBJECT_SIZE_MAX) == 0 &&
	    check_not_json(&in, shown) == 0)
		ret = pack_object(
		    (unsigned char *)in.data, in.len, shown, &options, out);
	buf_free(&in);
	return ret;
}

static int
unpack(const char *file, struct buf *out)
{
	struct package p;
	int ret = -1;

	if (package_open(&p, file, NULL) == -1)
		return -1;
	if (p.object.bytes == NULL) {
		report_error("%s: this is the object \"meta\" of a package "
			     "alone, without an ELF object",
		    p.name);
	} else {
		buf_add(out, p.object.bytes, p.object.size);
		ret = out->failed ? report_nomem() : 0;
	}
	package_close(&p);
	return ret;
}

int
main(int argc, char *argv[])
{
	const char *name = NULL, *file = NULL;
	struct output out;
	bool back = false;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "+hn:quVv", long_options, NULL)) !=
	       -1) {
		switch (ch) {
		case 'n':
			name = optarg;
			break;
		case 'u':
			back = true;
			break;
		default:
			command_option(&command, ch);
		}
	}
	if (argc - optind > 1 || (name != NULL && (back || *name == '\0')))
		command_usage(&command);
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		file = argv[optind];
	confine_filter(file != NULL);
	signal(SIGPIPE, SIG_IGN);

	if (output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return 1;
	status = back ? unpack(file, &out.buf) : pack(file, name, &out.buf);
	if (command_status(status == -1) != 0)
		status = -1;
	if (status == -1)
		out.buf.len = 0;
	if (output_close(&out) == -1 && !out.gone)
		status = -1;
	return status == -1 ? 1 : 0;
}
