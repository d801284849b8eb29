// From an order to a running program.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
    const struct guardian_order *order;
    const gid_t *groups;
    const char *directory;
    char **arguments, **environment;
    int in, out, err;
};

static char **take_strings(char **cursor, const char *end, char **into, uint32_t count)
{
    for (uint32_t i = 0; i < count && *cursor < end; i++) {
        *into++ = *cursor;
        *cursor += strlen(*cursor) + 1;
    }
    *into++ = NULL;
    return into;
}

static bool read_order(int fd, struct plan *plan)
{
    struct stat file;
    if (fstat(fd, &file) < 0) return false;
    if (file.st_size < (off_t)sizeof(struct guardian_order)) { errno = EINVAL; return false; }
    char *bytes = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return false;

    const struct guardian_order *order = (const struct guardian_order *)bytes;
    size_t pointers = ((size_t)order->argument_count + order->environment_count + 2) * sizeof(char *);
    char **strings = mmap(NULL, pointers, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (strings == MAP_FAILED) return false;

    plan->order = order;
    plan->groups = (const gid_t *)(order + 1);
    char *cursor = (char *)(plan->groups + order->group_count);
    plan->directory = cursor;
    cursor += strlen(cursor) + 1;
    plan->arguments = strings;
    plan->environment = take_strings(&cursor, bytes + file.st_size, plan->arguments, order->argument_count);
    take_strings(&cursor, bytes + file.st_size, plan->environment, order->environment_count);
    return true;
}

static bool set_limits(const struct guardian_order *order)
{
    struct rlimit memory = {order->memory_bytes, order->memory_bytes};
    // XCPU at the limit, KILL a second later for a program that ignores it.
    struct rlimit cpu = {order->cpu_seconds, order->cpu_seconds + 1};
    return (order->memory_bytes == 0 || setrlimit(RLIMIT_AS, &memory) == 0)
        && (order->cpu_seconds == 0 || setrlimit(RLIMIT_CPU, &cpu) == 0);
}

/// Straight system calls: the C library's would try to tell all threads of a process that has only one.
static bool set_user(const struct plan *plan)
{
    const struct guardian_order *order = plan->order;
    return syscall(SYS_setgroups, (size_t)order->group_count, plan->groups) == 0
        && syscall(SYS_setresgid, order->gid, order->gid, order->gid) == 0
        && syscall(SYS_setresuid, order->uid, order->uid, order->uid) == 0;
}

/// Runs in the child of vfork, on the keeper's memory: returns the step that failed, with errno set.
static enum guardian_step become(const struct plan *plan, pid_t keeper)
{
    setsid();
    if (plan->order->takes_input) dup2(plan->in, STDIN_FILENO);
    dup2(plan->out, STDOUT_FILENO);
    dup2(plan->err, STDERR_FILENO);
    const struct guardian_order *order = plan->order;
    errno = 0;
    if (order->nice != 0 && nice(order->nice) == -1 && errno != 0) return guardian_step_nice;
    if (order->sets_user && !set_user(plan)) return guardian_step_user;
    if (plan->directory[0] && chdir(plan->directory) < 0) return guardian_step_directory;
    if (!set_limits(order)) return guardian_step_limits;

    // After the change of user, which clears it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) _exit(127);

    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    environ = plan->environment;  // execvp looks for PATH there, so the job's own PATH counts
    execvp(plan->arguments[0], plan->arguments);
    return guardian_step_program;
}

pid_t start(const int fds[fd_count], struct guardian_report *report)
{
    struct plan plan = {.in = fds[fd_in], .out = fds[fd_out], .err = fds[fd_err]};
    if (!read_order(fds[fd_order], &plan)) {
        report->step = guardian_step_order;
        report->error = errno;
        return 0;
    }
    volatile enum guardian_step failed = guardian_step_none;
    volatile int error = 0;
    pid_t keeper = getpid();
    pid_t leader = vfork();
    if (leader == 0) {
        failed = become(&plan, keeper);
        error = errno;
        _exit(127);
    }
    if (leader > 0 && failed == guardian_step_none) return leader;
    report->step = leader < 0 ? guardian_step_fork : (int32_t)failed;
    report->error = leader < 0 ? errno : error;
    if (leader > 0) waitpid(leader, NULL, 0);
    return 0;
}

void become_last_word(int order)
{
    struct plan plan = {.in = -1, .out = -1, .err = -1};
    if (!read_order(order, &plan)) return;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    environ = plan.environment;
    execvp(plan.arguments[0], plan.arguments);
}
