// The work of a chaos run's jobs: writes down that it started and that it ended, and notices whether another run of its
// job is alive. Small, since a hundred start each second.
//
//   ChaosSink SINK LOCKS shared|alone MILLISECONDS [fail|stubborn]
//
// Of a job that runs alone no two processes may be alive, of others no two of one run. A stubborn one ignores TERM.
//
// Each line is one write to a file opened for appending, so lines are whole, and their order is the order of events:
//   start|overlap|end  microseconds  node  fence  attempt  run key  (the fence that was met | the exit code)
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char *name(const char *variable) { const char *text = getenv(variable); return text ? text : "-"; }

static void note(int sink, const char *what, const char *more)
{
    // Monotonic: the jobs of a node with a wrong clock have that wrong clock, too.
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[512];
    int size = snprintf(line, sizeof line, "%s %lld %s %s %s %s %s\n", what,
                        (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000, name("SANDBOX_NODE"),
                        name("ONEBEAT_FENCE"), name("ONEBEAT_ATTEMPT"), name("ONEBEAT_RUN_KEY"), more);
    if (write(sink, line, (size_t)size) != size) exit(3);
}

int main(int count, char **words)
{
    if (count < 5) return 2;
    int sink = open(words[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (sink < 0) return 3;

    const char *how = count > 5 ? words[5] : "";
    if (strcmp(how, "stubborn") == 0) signal(SIGTERM, SIG_IGN);
    {
        char path[512], holder[32] = "-";
        const char *whose = strcmp(words[3], "alone") == 0 ? "ONEBEAT_JOB" : "ONEBEAT_RUN_KEY";
        snprintf(path, sizeof path, "%s/%s", words[2], name(whose));
        int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        // The kernel lets go of the lock when the last process that holds it is dead, and not before.
        if (lock < 0) return 3;
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
            const char *fence = name("ONEBEAT_FENCE");
            if (ftruncate(lock, 0) != 0 || write(lock, fence, strlen(fence)) < 0) return 3;
        } else {
            ssize_t size = read(lock, holder, sizeof holder - 1);
            if (size > 0) holder[size] = 0;
            note(sink, "overlap", size > 0 ? holder : "-");
        }
    }
    note(sink, "start", "-");
    long milliseconds = atol(words[4]);
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {}

    int code = strcmp(how, "fail") == 0 && atoi(name("ONEBEAT_ATTEMPT")) < 3 && atol(name("ONEBEAT_FENCE")) % 2 ? 1 : 0;
    note(sink, "end", code ? "1" : "0");
    return code;
}
