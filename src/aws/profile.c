/* profile.c - which profile the environment names, and where its files lie. */
#include "aws/profile.h"

#include <stdio.h>
#include <stdlib.h>

const char *profile_env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

const char *profile_name(void)
{
    const char *name = profile_env("AWS_PROFILE");

    return name ? name : "default";
}

int profile_path(char out[PROFILE_PATH], const char *variable, const char *file)
{
    const char *given = profile_env(variable);
    const char *home = profile_env("HOME");
    int n;

    if (given && (given[0] != '~' || given[1] != '/'))
        n = snprintf(out, PROFILE_PATH, "%s", given);
    else if (!home)
        return -1;
    else if (given)
        n = snprintf(out, PROFILE_PATH, "%s%s", home, given + 1);
    else
        n = snprintf(out, PROFILE_PATH, "%s/.aws/%s", home, file);
    return n < 0 || n >= PROFILE_PATH ? -1 : 0;
}
