/* busy: takes all of one processor that it can get. */
#include "common.h"

int main(void)
{
	limit_life();
	say_ready();
	for (;;)
		;
}
