/* whole_lines.h - finds where the last whole record of a file of lines ends. */
#ifndef WALFERRY_SINK_WHOLE_LINES_H
#define WALFERRY_SINK_WHOLE_LINES_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * *size is the file's, *whole where its last whole line ends (0: there is none). With `quoted`,
 * line breaks inside RFC 4180 quotes end nothing, and the file is read from its start; else only
 * its end is. 0, or -1 with errno.
 */
int whole_lines_end(int fd, bool quoted, off_t *size, off_t *whole);

#endif
