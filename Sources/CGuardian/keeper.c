// A keeper: the parent of one run. It blocks, it has one run, and it ends when no process of that run is left.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What a finished leader leaves behind is usually about to finish as well (`… > >(gzip)`): it may, for this long.
static const int64_t linger_ms = 1000;
static const int64_t never = INT64_MAX;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static uint64_t microseconds(struct timeval time) { return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec; }

static void record(struct guardian_report *report, int status, const struct rusage *usage)
{
    report->status = status;
    report->user_us = microseconds(usage->ru_utime);
    report->system_us = microseconds(usage->ru_stime);
    report->peak_kb = (uint64_t)usage->ru_maxrss;
}

/// TERM at `term_at`, KILL from `kill_at` on, again and again until wait says that there is nobody left.
static void outlive(pid_t leader, int64_t grace_ms, int64_t abandon_grace_ms, struct guardian_report *report)
{
    int64_t term_at = never, kill_at = never, kill_pause = 10;
    bool is_leader_gone = false;
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGNAL_STOP);
    sigaddset(&awaited, SIGNAL_ABANDON);
    sigaddset(&awaited, SIGNAL_PASS);

    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid;
        while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
            if (pid != leader) continue;
            record(report, status, &usage);
            is_leader_gone = true;
            if (kill_at == never) term_at = now_ms() + linger_ms;
        }
        if (pid < 0) return;

        int64_t now = now_ms();
        if (term_at <= now) {
            unsigned count = signal_below(getpid(), NULL, 0, SIGTERM);
            signal_below(getpid(), NULL, 0, SIGCONT);  // a stopped process cannot act on TERM
            if (is_leader_gone) report->leftovers = count;
            term_at = never;
            kill_at = earlier(kill_at, now + grace_ms);
        }
        if (kill_at <= now) {
            signal_below(getpid(), NULL, 0, SIGKILL);
            // Soon again for what was just born; seldom for what KILL cannot reach (a hung disk, another user).
            kill_pause = earlier(kill_pause * 2, 1000);
            kill_at = now + kill_pause;
        }

        int64_t wait_ms = earlier(term_at, kill_at) == never ? 3600000 : earlier(term_at, kill_at) - now;
        struct timespec timeout = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
        siginfo_t info;
        int signal = sigtimedwait(&awaited, &info, &timeout);
        // Its group bears the leader's number only as long as the leader has not been waited for.
        if (signal == SIGNAL_PASS && !is_leader_gone) kill(-leader, info.si_value.sival_int);
        if (signal == SIGNAL_STOP || signal == SIGNAL_ABANDON) {
            grace_ms = signal == SIGNAL_STOP ? info.si_value.sival_int : abandon_grace_ms;
            report->stop = signal == SIGNAL_STOP ? guardian_stop_asked : guardian_stop_abandoned;
            term_at = now_ms();
        }
    }
}

_Noreturn void keep(const struct request *request, const int fds[fd_count], int socket, pid_t guardian,
                    uint32_t abandon_grace_ms)
{
    prctl(PR_SET_NAME, "onebeat-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGNAL_ABANDON);
    if (getppid() != guardian) _exit(1);  // it died before the line above

    struct guardian_report report = {.token = request->token};
    pid_t leader = start(fds, &report);
    for (int i = 0; i < fd_count; i++) close(fds[i]);
    report.pid = leader;
    if (leader > 0) outlive(leader, request->grace_ms, abandon_grace_ms, &report);
    while (send(socket, &report, sizeof report, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
    _exit(0);
}
