#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "kinds/kind-words.h"
#include "kinds/syscall-numbers.h"

#define WORD(s)                                                                \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

/* From 512 on those that the kernel keeps to itself, which programs that run
 * before its return to user space see. */
static const struct kind_word errnos[] = {
	[1] = WORD("-EPERM"),
	[2] = WORD("-ENOENT"),
	[3] = WORD("-ESRCH"),
	[4] = WORD("-EINTR"),
	[5] = WORD("-EIO"),
	[6] = WORD("-ENXIO"),
	[7] = WORD("-E2BIG"),
	[8] = WORD("-ENOEXEC"),
	[9] = WORD("-EBADF"),
	[10] = WORD("-ECHILD"),
	[11] = WORD("-EAGAIN"),
	[12] = WORD("-ENOMEM"),
	[13] = WORD("-EACCES"),
	[14] = WORD("-EFAULT"),
	[15] = WORD("-ENOTBLK"),
	[16] = WORD("-EBUSY"),
	[17] = WORD("-EEXIST"),
	[18] = WORD("-EXDEV"),
	[19] = WORD("-ENODEV"),
	[20] = WORD("-ENOTDIR"),
	[21] = WORD("-EISDIR"),
	[22] = WORD("-EINVAL"),
	[23] = WORD("-ENFILE"),
	[24] = WORD("-EMFILE"),
	[25] = WORD("-ENOTTY"),
	[26] = WORD("-ETXTBSY"),
	[27] = WORD("-EFBIG"),
	[28] = WORD("-ENOSPC"),
	[29] = WORD("-ESPIPE"),
	[30] = WORD("-EROFS"),
	[31] = WORD("-EMLINK"),
	[32] = WORD("-EPIPE"),
	[33] = WORD("-EDOM"),
	[34] = WORD("-ERANGE"),
	[35] = WORD("-EDEADLK"),
	[36] = WORD("-ENAMETOOLONG"),
	[37] = WORD("-ENOLCK"),
	[38] = WORD("-ENOSYS"),
	[39] = WORD("-ENOTEMPTY"),
	[40] = WORD("-ELOOP"),
	[42] = WORD("-ENOMSG"),
	[43] = WORD("-EIDRM"),
	[44] = WORD("-ECHRNG"),
	[45] = WORD("-EL2NSYNC"),
	[46] = WORD("-EL3HLT"),
	[47] = WORD("-EL3RST"),
	[48] = WORD("-ELNRNG"),
	[49] = WORD("-EUNATCH"),
	[50] = WORD("-ENOCSI"),
	[51] = WORD("-EL2HLT"),
	[52] = WORD("-EBADE"),
	[53] = WORD("-EBADR"),
	[54] = WORD("-EXFULL"),
	[55] = WORD("-ENOANO"),
	[56] = WORD("-EBADRQC"),
	[57] = WORD("-EBADSLT"),
	[59] = WORD("-EBFONT"),
	[60] = WORD("-ENOSTR"),
	[61] = WORD("-ENODATA"),
	[62] = WORD("-ETIME"),
	[63] = WORD("-ENOSR"),
	[64] = WORD("-ENONET"),
	[65] = WORD("-ENOPKG"),
	[66] = WORD("-EREMOTE"),
	[67] = WORD("-ENOLINK"),
	[68] = WORD("-EADV"),
	[69] = WORD("-ESRMNT"),
	[70] = WORD("-ECOMM"),
	[71] = WORD("-EPROTO"),
	[72] = WORD("-EMULTIHOP"),
	[73] = WORD("-EDOTDOT"),
	[74] = WORD("-EBADMSG"),
	[75] = WORD("-EOVERFLOW"),
	[76] = WORD("-ENOTUNIQ"),
	[77] = WORD("-EBADFD"),
	[78] = WORD("-EREMCHG"),
	[79] = WORD("-ELIBACC"),
	[80] = WORD("-ELIBBAD"),
	[81] = WORD("-ELIBSCN"),
	[82] = WORD("-ELIBMAX"),
	[83] = WORD("-ELIBEXEC"),
	[84] = WORD("-EILSEQ"),
	[85] = WORD("-ERESTART"),
	[86] = WORD("-ESTRPIPE"),
	[87] = WORD("-EUSERS"),
	[88] = WORD("-ENOTSOCK"),
	[89] = WORD("-EDESTADDRREQ"),
	[90] = WORD("-EMSGSIZE"),
	[91] = WORD("-EPROTOTYPE"),
	[92] = WORD("-ENOPROTOOPT"),
	[93] = WORD("-EPROTONOSUPPORT"),
	[94] = WORD("-ESOCKTNOSUPPORT"),
	[95] = WORD("-EOPNOTSUPP"),
	[96] = WORD("-EPFNOSUPPORT"),
	[97] = WORD("-EAFNOSUPPORT"),
	[98] = WORD("-EADDRINUSE"),
	[99] = WORD("-EADDRNOTAVAIL"),
	[100] = WORD("-ENETDOWN"),
	[101] = WORD("-ENETUNREACH"),
	[102] = WORD("-ENETRESET"),
	[103] = WORD("-ECONNABORTED"),
	[104] = WORD("-ECONNRESET"),
	[105] = WORD("-ENOBUFS"),
	[106] = WORD("-EISCONN"),
	[107] = WORD("-ENOTCONN"),
	[108] = WORD("-ESHUTDOWN"),
	[109] = WORD("-ETOOMANYREFS"),
	[110] = WORD("-ETIMEDOUT"),
	[111] = WORD("-ECONNREFUSED"),
	[112] = WORD("-EHOSTDOWN"),
	[113] = WORD("-EHOSTUNREACH"),
	[114] = WORD("-EALREADY"),
	[115] = WORD("-EINPROGRESS"),
	[116] = WORD("-ESTALE"),
	[117] = WORD("-EUCLEAN"),
	[118] = WORD("-ENOTNAM"),
	[119] = WORD("-ENAVAIL"),
	[120] = WORD("-EISNAM"),
	[121] = WORD("-EREMOTEIO"),
	[122] = WORD("-EDQUOT"),
	[123] = WORD("-ENOMEDIUM"),
	[124] = WORD("-EMEDIUMTYPE"),
	[125] = WORD("-ECANCELED"),
	[126] = WORD("-ENOKEY"),
	[127] = WORD("-EKEYEXPIRED"),
	[128] = WORD("-EKEYREVOKED"),
	[129] = WORD("-EKEYREJECTED"),
	[130] = WORD("-EOWNERDEAD"),
	[131] = WORD("-ENOTRECOVERABLE"),
	[132] = WORD("-ERFKILL"),
	[133] = WORD("-EHWPOISON"),
	[512] = WORD("-ERESTARTSYS"),
	[513] = WORD("-ERESTARTNOINTR"),
	[514] = WORD("-ERESTARTNOHAND"),
	[515] = WORD("-ENOIOCTLCMD"),
	[516] = WORD("-ERESTART_RESTARTBLOCK"),
	[517] = WORD("-EPROBE_DEFER"),
	[518] = WORD("-EOPENSTALE"),
	[519] = WORD("-ENOPARAM"),
	[521] = WORD("-EBADHANDLE"),
	[522] = WORD("-ENOTSYNC"),
	[523] = WORD("-EBADCOOKIE"),
	[524] = WORD("-ENOTSUPP"),
	[525] = WORD("-ETOOSMALL"),
	[526] = WORD("-ESERVERFAULT"),
	[527] = WORD("-EBADTYPE"),
	[528] = WORD("-EJUKEBOX"),
	[529] = WORD("-EIOCBQUEUED"),
	[530] = WORD("-ERECALLCONFLICT"),
	[531] = WORD("-ENOGRACE"),
};

/* 32 and 33 belong to the C library. */
static const struct kind_word signals[] = {
	[1] = WORD("SIGHUP"),
	[2] = WORD("SIGINT"),
	[3] = WORD("SIGQUIT"),
	[4] = WORD("SIGILL"),
	[5] = WORD("SIGTRAP"),
	[6] = WORD("SIGABRT"),
	[7] = WORD("SIGBUS"),
	[8] = WORD("SIGFPE"),
	[9] = WORD("SIGKILL"),
	[10] = WORD("SIGUSR1"),
	[11] = WORD("SIGSEGV"),
	[12] = WORD("SIGUSR2"),
	[13] = WORD("SIGPIPE"),
	[14] = WORD("SIGALRM"),
	[15] = WORD("SIGTERM"),
	[16] = WORD("SIGSTKFLT"),
	[17] = WORD("SIGCHLD"),
	[18] = WORD("SIGCONT"),
	[19] = WORD("SIGSTOP"),
	[20] = WORD("SIGTSTP"),
	[21] = WORD("SIGTTIN"),
	[22] = WORD("SIGTTOU"),
	[23] = WORD("SIGURG"),
	[24] = WORD("SIGXCPU"),
	[25] = WORD("SIGXFSZ"),
	[26] = WORD("SIGVTALRM"),
	[27] = WORD("SIGPROF"),
	[28] = WORD("SIGWINCH"),
	[29] = WORD("SIGIO"),
	[30] = WORD("SIGPWR"),
	[31] = WORD("SIGSYS"),
	[34] = WORD("SIGRTMIN"),
	[35] = WORD("SIGRTMIN+1"),
	[36] = WORD("SIGRTMIN+2"),
	[37] = WORD("SIGRTMIN+3"),
	[38] = WORD("SIGRTMIN+4"),
	[39] = WORD("SIGRTMIN+5"),
	[40] = WORD("SIGRTMIN+6"),
	[41] = WORD("SIGRTMIN+7"),
	[42] = WORD("SIGRTMIN+8"),
	[43] = WORD("SIGRTMIN+9"),
	[44] = WORD("SIGRTMIN+10"),
	[45] = WORD("SIGRTMIN+11"),
	[46] = WORD("SIGRTMIN+12"),
	[47] = WORD("SIGRTMIN+13"),
	[48] = WORD("SIGRTMIN+14"),
	[49] = WORD("SIGRTMIN+15"),
	[50] = WORD("SIGRTMAX-14"),
	[51] = WORD("SIGRTMAX-13"),
	[52] = WORD("SIGRTMAX-12"),
	[53] = WORD("SIGRTMAX-11"),
	[54] = WORD("SIGRTMAX-10"),
	[55] = WORD("SIGRTMAX-9"),
	[56] = WORD("SIGRTMAX-8"),
	[57] = WORD("SIGRTMAX-7"),
	[58] = WORD("SIGRTMAX-6"),
	[59] = WORD("SIGRTMAX-5"),
	[60] = WORD("SIGRTMAX-4"),
	[61] = WORD("SIGRTMAX-3"),
	[62] = WORD("SIGRTMAX-2"),
	[63] = WORD("SIGRTMAX-1"),
	[64] = WORD("SIGRTMAX"),
};

/* The names of IPPROTO_TCP and the others; OSPF, VRRP and more that the kernel
 * leaves to programs. */
static const struct kind_word protocols[] = {
	[0] = WORD("IP"),
	[1] = WORD("ICMP"),
	[2] = WORD("IGMP"),
	[4] = WORD("IPIP"),
	[6] = WORD("TCP"),
	[8] = WORD("EGP"),
	[12] = WORD("PUP"),
	[17] = WORD("UDP"),
	[22] = WORD("IDP"),
	[29] = WORD("TP"),
	[33] = WORD("DCCP"),
	[41] = WORD("IPV6"),
	[43] = WORD("ROUTING"),
	[44] = WORD("FRAGMENT"),
	[46] = WORD("RSVP"),
	[47] = WORD("GRE"),
	[50] = WORD("ESP"),
	[51] = WORD("AH"),
	[58] = WORD("ICMPV6"),
	[59] = WORD("NONE"),
	[60] = WORD("DSTOPTS"),
	[89] = WORD("OSPF"),
	[92] = WORD("MTP"),
	[94] = WORD("BEETPH"),
	[98] = WORD("ENCAP"),
	[103] = WORD("PIM"),
	[108] = WORD("COMP"),
	[112] = WORD("VRRP"),
	[115] = WORD("L2TP"),
	[132] = WORD("SCTP"),
	[135] = WORD("MH"),
	[136] = WORD("UDPLITE"),
	[137] = WORD("MPLS"),
	[143] = WORD("ETHERNET"),
	[144] = WORD("AGGFRAG"),
	[255] = WORD("RAW"),
	[256] = WORD("SMC"),
	[262] = WORD("MPTCP"),
};

/* Address families. */
static const struct kind_word families[] = {
	[0] = WORD("AF_UNSPEC"),
	[1] = WORD("AF_UNIX"),
	[2] = WORD("AF_INET"),
	[3] = WORD("AF_AX25"),
	[4] = WORD("AF_IPX"),
	[5] = WORD("AF_APPLETALK"),
	[6] = WORD("AF_NETROM"),
	[7] = WORD("AF_BRIDGE"),
	[8] = WORD("AF_ATMPVC"),
	[9] = WORD("AF_X25"),
	[10] = WORD("AF_INET6"),
	[11] = WORD("AF_ROSE"),
	[12] = WORD("AF_DECnet"),
	[13] = WORD("AF_NETBEUI"),
	[14] = WORD("AF_SECURITY"),
	[15] = WORD("AF_KEY"),
	[16] = WORD("AF_NETLINK"),
	[17] = WORD("AF_PACKET"),
	[18] = WORD("AF_ASH"),
	[19] = WORD("AF_ECONET"),
	[20] = WORD("AF_ATMSVC"),
	[21] = WORD("AF_RDS"),
	[22] = WORD("AF_SNA"),
	[23] = WORD("AF_IRDA"),
	[24] = WORD("AF_PPPOX"),
	[25] = WORD("AF_WANPIPE"),
	[26] = WORD("AF_LLC"),
	[27] = WORD("AF_IB"),
	[28] = WORD("AF_MPLS"),
	[29] = WORD("AF_CAN"),
	[30] = WORD("AF_TIPC"),
	[31] = WORD("AF_BLUETOOTH"),
	[32] = WORD("AF_IUCV"),
	[33] = WORD("AF_RXRPC"),
	[34] = WORD("AF_ISDN"),
	[35] = WORD("AF_PHONET"),
	[36] = WORD("AF_IEEE802154"),
	[37] = WORD("AF_CAIF"),
	[38] = WORD("AF_ALG"),
	[39] = WORD("AF_NFC"),
	[40] = WORD("AF_VSOCK"),
	[41] = WORD("AF_KCM"),
	[42] = WORD("AF_QIPCRTR"),
	[43] = WORD("AF_SMC"),
	[44] = WORD("AF_XDP"),
	[45] = WORD("AF_MCTP"),
};

/* Those of the kernel, TCP_ESTABLISHED and so on. */
static const struct kind_word tcp_states[] = {
	[1] = WORD("ESTABLISHED"),
	[2] = WORD("SYN_SENT"),
	[3] = WORD("SYN_RECV"),
	[4] = WORD("FIN_WAIT1"),
	[5] = WORD("FIN_WAIT2"),
	[6] = WORD("TIME_WAIT"),
	[7] = WORD("CLOSE"),
	[8] = WORD("CLOSE_WAIT"),
	[9] = WORD("LAST_ACK"),
	[10] = WORD("LISTEN"),
	[11] = WORD("CLOSING"),
	[12] = WORD("NEW_SYN_RECV"),
	[13] = WORD("BOUND_INACTIVE"),
};

/* Without their flags. */
static const struct kind_word sock_types[] = {
	[1] = WORD("SOCK_STREAM"),
	[2] = WORD("SOCK_DGRAM"),
	[3] = WORD("SOCK_RAW"),
	[4] = WORD("SOCK_RDM"),
	[5] = WORD("SOCK_SEQPACKET"),
	[6] = WORD("SOCK_DCCP"),
	[10] = WORD("SOCK_PACKET"),
};

/* No number of a system call is larger.  Behind it is room for the calls that
 * an architecture does not have. */
enum { CALLS = 512 };

#define PLACE(number, name)                                                    \
	[(number) >= 0 ? (int)(number) : CALLS + (int)SYSCALL_PLACE_##name]
#define X86_64(name, x86, arm) PLACE(SYSCALL_X86_64_##name, name) = WORD(#name),
#define AARCH64(name, x86, arm)                                                \
	PLACE(SYSCALL_AARCH64_##name, name) = WORD(#name),

static const struct kind_word x86_64_calls[CALLS + SYSCALL_PLACES] = {
	SYSCALL_NUMBERS(X86_64)
};
static const struct kind_word aarch64_calls[CALLS + SYSCALL_PLACES] = {
	SYSCALL_NUMBERS(AARCH64)
};

static const char *const machines[] = {
	[KIND_ARCH_X86_64] = "x86_64",
	[KIND_ARCH_AARCH64] = "aarch64",
};

enum kind_arch
kind_arch_find(const char *machine)
{
	for (size_t i = KIND_ARCH_UNKNOWN + 1; i < nitems(machines); i++)
		if (strcmp(machines[i], machine) == 0)
			return (enum kind_arch)i;
	return KIND_ARCH_UNKNOWN;
}

struct kind_words
kind_words_get(enum kind kind, enum kind_arch arch)
{
#define WORDS(list, prefix) ((struct kind_words){ list, nitems(list), prefix })
	switch (kind) {
	case KIND_ERRNO:
		return WORDS(errnos, "-");
	case KIND_SIGNAL:
		return WORDS(signals, "SIG");
	case KIND_PROTO:
		return WORDS(protocols, "");
	case KIND_FAMILY:
		return WORDS(families, "AF_");
	case KIND_TCP_STATE:
		return WORDS(tcp_states, "");
	case KIND_SOCK_TYPE:
		return WORDS(sock_types, "SOCK_");
	case KIND_SYSCALL:
		if (arch == KIND_ARCH_X86_64)
			return (struct kind_words){ x86_64_calls, CALLS, "" };
		if (arch == KIND_ARCH_AARCH64)
			return (struct kind_words){ aarch64_calls, CALLS, "" };
		break;
	default:
		break;
	}
	return (struct kind_words){ 0 };
}

/* Other names of the same numbers. */
static const struct {
	enum kind kind;
	const char *name;
	int64_t number;
} aliases[] = {
	{ KIND_ERRNO, "EWOULDBLOCK", 11 },
	{ KIND_ERRNO, "EDEADLOCK", 35 },
	{ KIND_ERRNO, "ENOTSUP", 95 },
	{ KIND_SIGNAL, "SIGIOT", 6 },
	{ KIND_SIGNAL, "SIGCLD", 17 },
	{ KIND_SIGNAL, "SIGPOLL", 29 },
	{ KIND_FAMILY, "AF_LOCAL", 1 },
	{ KIND_FAMILY, "AF_FILE", 1 },
	{ KIND_FAMILY, "AF_ROUTE", 16 },
	{ KIND_PROTO, "HOPOPTS", 0 },
};

/* What headers write before names that are shown without it. */
static const char *
header_prefix(enum kind kind)
{
	return kind == KIND_PROTO       ? "IPPROTO_"
	       : kind == KIND_TCP_STATE ? "TCP_"
					: "";
}

static bool
is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && strncasecmp(word, text, len) == 0;
}

/* Whether text is the word, or the word without the prefix that its list has.
 */
static bool
is_word_or_short(
    const char *word, const char *prefix, const char *text, size_t len)
{
	size_t n = strlen(prefix);

	return is_word(word, text, len) ||
	       (strncmp(word, prefix, n) == 0 && is_word(word + n, text, len));
}

bool
kind_words_find(enum kind kind, enum kind_arch arch, const char *text,
    size_t len, int64_t *number)
{
	const struct kind_words words = kind_words_get(kind, arch);
	const char *more = header_prefix(kind);
	size_t n = strlen(more);

	if (len > n && strncasecmp(text, more, n) == 0) {
		text += n;
		len -= n;
	}
	for (size_t i = 0; i < words.n; i++)
		if (words.v[i].len > 0 && is_word_or_short(words.v[i].text,
					      words.prefix, text, len)) {
			*number = (int64_t)i;
			return true;
		}
	for (size_t i = 0; i < nitems(aliases); i++)
		if (aliases[i].kind == kind && is_word_or_short(aliases[i].name,
						   words.prefix, text, len)) {
			*number = aliases[i].number;
			return true;
		}
	return false;
}

bool
kind_words_is_foreign_call(enum kind_arch arch, const char *name)
{
	size_t len = strlen(name);
	int64_t number;

	if (arch == KIND_ARCH_UNKNOWN ||
	    kind_words_find(KIND_SYSCALL, arch, name, len, &number))
		return false;
	for (size_t i = KIND_ARCH_UNKNOWN + 1; i < nitems(machines); i++)
		if (kind_words_find(
			KIND_SYSCALL, (enum kind_arch)i, name, len, &number))
			return true;
	return false;
}
