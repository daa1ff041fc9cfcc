/*
 * page-fault: a read(2) into a page that a userfaultfd is to bring and never brings. The task is in the kernel for as long as it lives,
 * whatever signal or stop it is asked for.
 */
#include "common.h"
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit_life();
	if (fault < 0 || zero < 0 || page == MAP_FAILED || ioctl(fault, UFFDIO_API, &api) != 0)
		die("userfaultfd");
	range.range.start = (uintptr_t)page;
	range.range.len = 4096;
	if (ioctl(fault, UFFDIO_REGISTER, &range) != 0)
		die("UFFDIO_REGISTER");
	say_ready();
	if (read(zero, page, 4096) != 4096)
		die("read");
	return 0;
}
