/*
 * Names of C++ in a stack: each line on standard input is answered after
 * marker() was called by way of a lambda, an inlined template, a function of an
 * unnamed namespace, a method of a template class, and an operator.
 */
#include <cstdio>
#include <vector>

extern "C" void marker(void);

static volatile unsigned long sink;

namespace shop
{

namespace
{

template <typename T>
inline __attribute__((always_inline)) void
twice(T call)
{
	call();
	sink = sink + 1;
}

__attribute__((noinline)) void
hidden(unsigned long n)
{
	twice([n]() __attribute__((noinline)) {
		marker();
		sink = sink + n;
	});
	sink = sink + 1;
}

} // namespace

template <typename T> class basket
{
      public:
	__attribute__((noinline)) void
	add(const std::vector<T> &items) const
	{
		hidden(items.size());
		sink = sink + 1;
	}

	__attribute__((noinline)) void
	operator<<(T item) const
	{
		add(std::vector<T>(3, item));
		sink = sink + 1;
	}
};

} // namespace shop

int
main()
{
	char line[64];

	setvbuf(stdin, nullptr, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin) != nullptr) {
		shop::basket<int>() << 7;
		puts(line);
		fflush(stdout);
	}
	return 0;
}
