/* busy: uses as much of one processor as the kernel grants. */
#include "common.h"

int main(void)
{
	limit_life();
	say_ready();
	for (;;)
		;
}
