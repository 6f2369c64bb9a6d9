/* profile.h - which profile the environment names, and where its files lie. */
#ifndef WALFERRY_AWS_PROFILE_H
#define WALFERRY_AWS_PROFILE_H

enum { PROFILE_PATH = 4096 };

/* The environment's value, or NULL when unset or empty. */
const char *profile_env(const char *name);
/* AWS_PROFILE, or "default". */
const char *profile_name(void);
/* What `variable` names, or ~/.aws/`file`. -1 when there is neither that nor HOME. */
int profile_path(char out[PROFILE_PATH], const char *variable, const char *file);

#endif
