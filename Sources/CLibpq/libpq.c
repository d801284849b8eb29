#include "libpq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define LIBPQ_POINTER(result, name, parameters, arguments) static result(*found_##name) parameters;
LIBPQ_FUNCTIONS(LIBPQ_POINTER)

#define LIBPQ_CALL(result, name, parameters, arguments)                                                              \
    result pq_##name parameters { return found_##name arguments; }
LIBPQ_FUNCTIONS(LIBPQ_CALL)

static char problem[512];

static void *found(void *library, const char *name) {
    void *symbol = dlsym(library, name);
    if (!symbol && !problem[0])
        snprintf(problem, sizeof problem,
                 "libpq lacks %s: it is older than PostgreSQL 14; install a newer libpq5", name);
    return symbol;
}

static void load(void) {
    const char *names[] = {"libpq.so.5", "libpq.5.dylib"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(problem, sizeof problem,
                 "a PostgreSQL store needs libpq, which is not installed; install the package libpq5 (%s)", dlerror());
        return;
    }
#define LIBPQ_FIND(result, name, parameters, arguments) *(void **)&found_##name = found(library, "PQ" #name);
    LIBPQ_FUNCTIONS(LIBPQ_FIND)
}

const char *libpq_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return problem[0] ? problem : NULL;
}
