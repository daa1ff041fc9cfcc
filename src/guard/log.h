/* The log: one JSON object per line on stderr. A line is put together in memory, and dropped where writing it would block. */
#ifndef GUARD_LOG_H
#define GUARD_LOG_H

#include <stddef.h>
#include <stdint.h>

/* `level`: info, warn or error. `event` is a constant; facts go into fields of their own. */
void log_begin(const char *level, const char *event);
/*
 * The value may be any bytes, such as a cgroup's path. A byte that is not part of valid UTF-8 is shown as `\xff`, as shownPath() in
 * src/native/path-text.ts does. A long value is cut, and ends with an ellipsis then.
 */
void log_text(const char *key, const char *value);
void log_number(const char *key, int64_t value);
/* The number and the words of an error, in the fields `errno` and `error`. Takes errno or -errno. */
void log_error(int error);
/* A capture's id, in the form of a UID. */
void log_capture(const uint8_t *capture);
void log_end(void);

#endif
