/* lib/elf/libbpf-log: the kind of refusal that each wording of libbpf's
 * warnings gives. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>

#include "base/util.h"
#include "check.h"
#include "elf/libbpf-log.h"

/* The verifier's log as libbpf prints it behind "BPF program load failed". */
#define LOG(text)                                                              \
	"libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n" text                   \
	"-- END PROG LOAD LOG --\n"
#define LOAD_FAILED "libbpf: prog 'p': BPF program load failed: "
#define RELOCATION                                                             \
	"; <invalid CO-RE relocation>\n"                                       \
	"failed to resolve CO-RE relocation <byte_off> [7] struct a.b (0:1)\n"

struct message {
	enum libbpf_print_level level;
	const char *text;
};

enum { MESSAGES_MAX = 3 };

static const struct {
	struct message messages[MESSAGES_MAX];
	int error;
	enum libbpf_refusal_kind want;
	int btf_error;
	const char *program;
} cases[] = {
	{ { { LIBBPF_WARN, NULL } }, EINVAL, LIBBPF_REFUSED, 0, "" },

	/* The privilege is missing.  Since 1.6 libbpf names errors. */
	{ { { LIBBPF_WARN, LOAD_FAILED "Operation not permitted\n" } }, EPERM,
	    LIBBPF_REFUSED_PRIVILEGE, 0, "p" },
	{ { { LIBBPF_WARN, LOAD_FAILED "-EPERM\n" } }, EPERM,
	    LIBBPF_REFUSED_PRIVILEGE, 0, "p" },
	{ { { LIBBPF_WARN, "libbpf: map 'm': failed to create: Operation not "
			   "permitted(-1)\n" } },
	    EPERM, LIBBPF_REFUSED_PRIVILEGE, 0, "" },
	{ { { LIBBPF_WARN, "libbpf: map 'm': failed to create: -EPERM\n" } },
	    EPERM, LIBBPF_REFUSED_PRIVILEGE, 0, "" },

	/* The verifier refused the program, which may give EPERM too. */
	{ { { LIBBPF_WARN, LOAD_FAILED "Permission denied\n" },
	      { LIBBPF_WARN, LOG("R1 invalid mem access\n") },
	      { LIBBPF_WARN, "libbpf: prog 'p': failed to load: -13\n" } },
	    EACCES, LIBBPF_REFUSED_VERIFIER, 0, "p" },
	{ { { LIBBPF_WARN, LOAD_FAILED "-EACCES\n" },
	      { LIBBPF_WARN, LOG("R1 invalid mem access\n") },
	      { LIBBPF_WARN, "libbpf: prog 'p': failed to load: -EACCES\n" } },
	    EACCES, LIBBPF_REFUSED_VERIFIER, 0, "p" },
	{ { { LIBBPF_WARN, LOG("R1 leaks addr\n") } }, EPERM,
	    LIBBPF_REFUSED_VERIFIER, 0, "p" },
	/* The verifier ran, but a later step failed. */
	{ { { LIBBPF_WARN, LOG("processed 5 insns\n") } }, ENOMEM,
	    LIBBPF_REFUSED, 0, "p" },
	{ { { LIBBPF_WARN, LOG("processed 5 insns\n") } }, EMFILE,
	    LIBBPF_REFUSED, 0, "p" },

	/* The file given with --btf is no BTF or cannot be read. */
	{ { { LIBBPF_WARN, "libbpf: failed to parse target BTF: -22\n" } },
	    EINVAL, LIBBPF_REFUSED_TARGET_BTF, EINVAL, "" },
	{ { { LIBBPF_WARN, "libbpf: failed to parse target BTF: -EINVAL\n" } },
	    EINVAL, LIBBPF_REFUSED_TARGET_BTF, EINVAL, "" },
	{ { { LIBBPF_WARN, "libbpf: failed to parse target BTF: -5\n" } }, EIO,
	    LIBBPF_REFUSED_BTF_READ, EIO, "" },
	{ { { LIBBPF_WARN, "libbpf: failed to parse target BTF: -EMFILE\n" } },
	    EMFILE, LIBBPF_REFUSED_BTF_READ, EMFILE, "" },

	/* The kernel's own BTF.  The error is in a debug message. */
	{ { { LIBBPF_DEBUG,
		"libbpf: loading kernel BTF '/sys/kernel/btf/vmlinux': 0\n" },
	      { LIBBPF_WARN, "libbpf: failed to find valid kernel BTF\n" } },
	    ESRCH, LIBBPF_REFUSED_KERNEL_BTF, 0, "" },
	{ { { LIBBPF_DEBUG,
		"libbpf: loading kernel BTF '/sys/kernel/btf/vmlinux': -2\n" },
	      { LIBBPF_WARN, "libbpf: failed to find valid kernel BTF\n" } },
	    ESRCH, LIBBPF_REFUSED_KERNEL_BTF, ENOENT, "" },
	{ { { LIBBPF_DEBUG,
		"libbpf: loading kernel BTF '/sys/kernel/btf/vmlinux': -12\n" },
	      { LIBBPF_WARN, "libbpf: failed to find valid kernel BTF\n" } },
	    ESRCH, LIBBPF_REFUSED_BTF_READ, ENOMEM, "" },
	{ { { LIBBPF_DEBUG,
		"libbpf: loading kernel BTF '/sys/kernel/btf/vmlinux': "
		"-ENOMEM\n" },
	      { LIBBPF_WARN, "libbpf: failed to find valid kernel BTF\n" } },
	    ESRCH, LIBBPF_REFUSED_BTF_READ, ENOMEM, "" },
	{ { { LIBBPF_WARN, "libbpf: failed to read kernel BTF from "
			   "'/sys/kernel/btf/vmlinux': -12\n" },
	      { LIBBPF_WARN, "libbpf: Error loading vmlinux BTF: -12\n" } },
	    ENOMEM, LIBBPF_REFUSED_BTF_READ, ENOMEM, "" },
	{ { { LIBBPF_WARN, "libbpf: kernel BTF is missing at "
			   "'/sys/kernel/btf/vmlinux', was "
			   "CONFIG_DEBUG_INFO_BTF enabled?\n" },
	      { LIBBPF_WARN, "libbpf: Error loading vmlinux BTF: -3\n" } },
	    ESRCH, LIBBPF_REFUSED_KERNEL_BTF, 0, "" },

	/* The kernel lacks what the program attaches to. */
	{ { { LIBBPF_WARN,
	      "libbpf: prog 'p': failed to find kernel BTF type ID of "
	      "'nosuch': -3\n" } },
	    ESRCH, LIBBPF_REFUSED_HOOK, 0, "p" },
	{ { { LIBBPF_WARN,
	      "libbpf: prog 'p': failed to find kernel BTF type ID of "
	      "'nosuch': -ESRCH\n" } },
	    ESRCH, LIBBPF_REFUSED_HOOK, 0, "p" },

	/* libbpf writes a failed relocation to the log of the verifier. */
	{ { { LIBBPF_WARN, LOAD_FAILED "Invalid argument\n" },
	      { LIBBPF_WARN, LOG(RELOCATION) } },
	    EINVAL, LIBBPF_REFUSED_RELOCATION, 0, "p" },

	/* A harmless warning. */
	{ { { LIBBPF_WARN, "libbpf: Error in bpf_create_map_xattr(m):Invalid "
			   "argument(-22). Retrying without BTF.\n" } },
	    EINVAL, LIBBPF_REFUSED, 0, "" },
	{ { { LIBBPF_WARN, "libbpf: Error in bpf_create_map_xattr(m): -EINVAL. "
			   "Retrying without BTF.\n" } },
	    EINVAL, LIBBPF_REFUSED, 0, "" },
};

static libbpf_print_fn_t print_fn;

/* Calls the function that libbpf would call. */
static void
print(enum libbpf_print_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_fn(level, fmt, ap);
	va_end(ap);
}

static void
each_wording_gives_its_kind(void)
{
	struct libbpf_refusal r;

	for (size_t i = 0; i < nitems(cases); i++) {
		int before = check_failures;

		libbpf_log_clear();
		for (size_t k = 0; k < MESSAGES_MAX; k++) {
			const struct message *m = &cases[i].messages[k];

			/* The print function recognises this message by its
			 * format. */
			if (m->text != NULL &&
			    strncmp(m->text, "libbpf: loading", 15) == 0)
				print(m->level,
				    "libbpf: loading kernel BTF '%s",
				    strchr(m->text, '\'') + 1);
			else if (m->text != NULL)
				print(m->level, "%s", m->text);
		}
		r = libbpf_log_refusal(cases[i].error);
		CHECK_NUM(r.kind, cases[i].want);
		CHECK_NUM(r.error, cases[i].error);
		CHECK_NUM(r.btf_error, cases[i].btf_error);
		CHECK_STR(r.program, cases[i].program);
		if (check_failures != before)
			fprintf(stderr, "in case %zu\n", i);
	}
}

static void
the_relocation_and_the_log_are_lent(void)
{
	struct libbpf_refusal r;

	libbpf_log_clear();
	print(LIBBPF_WARN, "%s", LOG(RELOCATION));
	r = libbpf_log_refusal(EINVAL);
	CHECK(strncmp(r.detail, "<byte_off> [7]", 14) == 0);
	CHECK(strncmp(r.log, "; <invalid", 10) == 0);
}

static void
an_extern_is_named(void)
{
	static const char *const wordings[] = {
		"libbpf: extern 'x_y' (strong): not resolved\n",
		"libbpf: extern 'x_y' (strong): not resolved.\n",
		"libbpf: extern (var ksym) 'x_y': not found in kernel BTF\n",
		("libbpf: extern (func ksym) 'x_y': not found in kernel or "
		 "module BTFs\n"),
	};
	struct libbpf_refusal r;

	for (size_t i = 0; i < nitems(wordings); i++) {
		libbpf_log_clear();
		print(LIBBPF_WARN, "%s", wordings[i]);
		r = libbpf_log_refusal(ESRCH);
		CHECK_NUM(r.kind, LIBBPF_REFUSED_EXTERN);
		CHECK_STR(r.detail, "x_y");
	}
}

static void
types_of_maps_have_names(void)
{
	char both[64];

	CHECK_STR(libbpf_map_type_name(BPF_MAP_TYPE_RINGBUF), "ringbuf");
	snprintf(both, sizeof(both), "%s %s", libbpf_map_type_name(998),
	    libbpf_map_type_name(999));
	CHECK_STR(both, "type 998 type 999");
}

static void
warnings_are_reported_once_and_harmless_ones_not_at_all(void)
{
	libbpf_log_clear();
	check_forget();
	print(LIBBPF_WARN, "%s",
	    "libbpf: Error in bpf_create_map_xattr(m): -EINVAL. "
	    "Retrying without BTF.\n");
	print(LIBBPF_WARN, "%s", "libbpf: map 'm': failed to create: -EPERM\n");
	libbpf_log_report();
	CHECK_SAID("libbpf: map 'm': failed to create: -EPERM");
	CHECK(strstr(check_reports, "Retrying") == NULL);
}

int
main(void)
{
	libbpf_log_capture();
	print_fn = libbpf_set_print(NULL);
	if (print_fn == NULL)
		return 1;
	each_wording_gives_its_kind();
	the_relocation_and_the_log_are_lent();
	an_extern_is_named();
	types_of_maps_have_names();
	warnings_are_reported_once_and_harmless_ones_not_at_all();
	libbpf_log_clear();
	return check_done();
}
