/* One JSON object a line on stderr. A line is put together, and written at once if that cannot block. */
#ifndef GUARD_LOG_H
#define GUARD_LOG_H

#include <stddef.h>
#include <stdint.h>

/* `level`: info, warn or error. `event` is a constant: facts go into fields. */
void log_begin(const char *level, const char *event);
void log_text(const char *key, const char *value);
void log_number(const char *key, int64_t value);
/* Number and words, in fields `errno` and `error`. Takes -errno or errno. */
void log_error(int error);
/* A capture id, as a UID is written. */
void log_capture(const uint8_t *capture);
void log_end(void);

#endif
