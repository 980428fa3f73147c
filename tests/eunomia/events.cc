/*
 * A C++ program that uses the library.
 *
 *	events PACKAGE CALLS
 *
 * Polls until the handler was called CALLS times, and checks its context.
 */
#include <eunomia.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace
{

struct release {
	void
	operator()(eunomia_bpf *bpf) const
	{
		destroy_eunomia_skel(bpf);
	}
};

using skeleton = std::unique_ptr<eunomia_bpf, release>;

struct collected {
	eunomia_bpf *bpf;
	std::size_t wanted;
	std::vector<std::string> events;
};

void
collect(void *ctx, const char *data, std::size_t size)
{
	auto *c = static_cast<collected *>(ctx);

	c->events.emplace_back(data, size);
	if (c->events.size() == c->wanted)
		stop_ebpf_program(c->bpf);
}

int
fail(const char *what)
{
	char text[1024];

	get_error_message(text, sizeof(text));
	std::cerr << what << ": " << text << '\n';
	return 1;
}

} // namespace

int
main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	std::ifstream in(argv[1]);
	const std::string json{ std::istreambuf_iterator<char>(in), {} };
	skeleton bpf(open_eunomia_skel_from_json_package_with_args(
	    json.c_str(), argv + 1, 1, nullptr));

	if (!bpf)
		return fail("open");
	if (load_and_attach_eunomia_skel(bpf.get()) == -1)
		return fail("load");
	collected c{ bpf.get(), std::strtoul(argv[2], nullptr, 10), {} };
	std::cerr << "ready" << std::endl;
	if (wait_and_poll_events_to_handler(
		bpf.get(), EXPORT_JSON, collect, &c) == -1)
		return fail("poll");
	for (const auto &event : c.events)
		std::cout << event << '\n';
	return 0;
}
