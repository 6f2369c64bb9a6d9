/* version.h - the program's version. */
#ifndef WALFERRY_CLI_VERSION_H
#define WALFERRY_CLI_VERSION_H

#define WALFERRY_VERSION "0.1.0"

#endif
