// A keeper: the parent of one run. It blocks, it has one run, and it ends when no process of that run is left. It signals
// nobody: that is the guardian's, which sees all runs; only when the guardian has been killed does it end its own.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t microseconds(struct timeval time) { return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec; }

static void note_end(struct record *record, int status, const struct rusage *usage)
{
    record->report.status = status;
    record->report.user_us = microseconds(usage->ru_utime);
    record->report.system_us = microseconds(usage->ru_stime);
    record->report.peak_kb = (uint64_t)usage->ru_maxrss;
    atomic_store(&record->is_leader_gone, true);
}

/// Waits for whoever has ended. Returns whether anybody is left.
static bool reap(struct record *record)
{
    int status;
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
        if (pid == atomic_load(&record->leader)) note_end(record, status, &usage);
    return pid == 0;
}

static int await_signal(uint64_t until)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGNAL_ORPHANED);
    uint64_t now = guardian_now_ns();
    if (until == never) return sigwaitinfo(&awaited, NULL);
    uint64_t left = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / second_ns), .tv_nsec = (long)(left % second_ns)};
    return sigtimedwait(&awaited, NULL, &timeout);
}

/// TERM, and after the grace KILL, again and again until wait says that there is nobody left.
static void end_alone(struct record *record, int socket)
{
    if (!atomic_load(&record->is_leader_gone)) record->report.stop = guardian_stop_abandoned;
    look_at_processes();
    signal_below(getpid(), NULL, SIGTERM);
    uint64_t kill_at = guardian_now_ns() + record->grace_ms * millisecond_ns, pause = 10 * millisecond_ns;
    while (reap(record)) {
        if (kill_at <= guardian_now_ns()) {
            look_at_processes();
            signal_below(getpid(), NULL, SIGKILL);
            pause = pause < second_ns ? pause * 2 : second_ns;
            kill_at = guardian_now_ns() + pause;
        }
        await_signal(kill_at);
    }
    while (send(socket, &record->report, sizeof record->report, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

_Noreturn void keep(struct record *record, const int fds[fd_count], int socket, pid_t guardian)
{
    prctl(PR_SET_NAME, "onebeat-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGNAL_ORPHANED);
    if (getppid() != guardian) _exit(1);  // it died before the line above

    pid_t leader = start(fds, &record->report);
    for (int i = 0; i < fd_count; i++) close(fds[i]);
    record->report.pid = leader;
    atomic_store(&record->leader, leader);
    if (leader == 0) _exit(0);
    bool has_told = false;
    while (reap(record)) {
        if (getppid() != guardian) {
            // What was left on purpose goes to init, as if it had been started there.
            if (!record->leaves || !atomic_load(&record->is_leader_gone)) end_alone(record, socket);
            break;
        }
        if (!has_told && atomic_load(&record->is_leader_gone)) {
            kill(guardian, SIGNAL_LOOK);
            has_told = true;
        }
        await_signal(never);
    }
    _exit(0);
}
