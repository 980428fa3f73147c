/*
 * A handler that throws an exception twice and then ends the polling.
 *
 *	throw PACKAGE
 */
#include <eunomia.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace
{

struct watched {
	eunomia_bpf *bpf;
	int calls;
};

void
fuss(void *ctx, const char *, std::size_t)
{
	auto *w = static_cast<watched *>(ctx);

	if (++w->calls <= 2)
		throw std::runtime_error("caught");
	stop_ebpf_program(w->bpf);
}

std::ptrdiff_t
descriptors()
{
	using dir = std::filesystem::directory_iterator;

	return std::distance(dir("/proc/self/fd"), dir());
}

} // namespace

int
main(int, char *argv[])
{
	const auto before = descriptors();
	std::string json;

	{
		std::ifstream in(argv[1]);
		json.assign(std::istreambuf_iterator<char>(in), {});
	}
	watched w{ open_eunomia_skel_from_json_package(json.c_str()), 0 };
	if (load_and_attach_eunomia_skel(w.bpf) == -1)
		return 1;
	while (w.calls < 3) {
		if (std::system("true") != 0)
			return 1;
		try {
			const int ret = wait_and_poll_events_to_handler(
			    w.bpf, EXPORT_JSON, fuss, &w);
			std::cout << "ended " << ret << '\n';
		} catch (const std::runtime_error &e) {
			std::cout << e.what() << '\n';
		}
	}
	destroy_eunomia_skel(w.bpf);
	return descriptors() == before ? 0 : 1;
}
