// The guardian's loop: it starts keepers, passes stops on, watches the deadline and the node. It never waits for
// anything but poll, so neither a hung directory nor a frozen node can keep it from killing in time.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

// More slots than runs: a refused run needs one too, until the socket has taken its report.
enum { most_runs = 2048, most_slots = 4096, socket_fd = 3 };
static const uint64_t never = UINT64_MAX;
static const uint64_t second_ns = 1000000000, millisecond_ns = 1000000;

/// A run: its keeper while that lives, or (keeper == 0) a report the socket had no room for yet.
struct slot {
    uint64_t token;
    pid_t keeper;
    int32_t step, error;
    bool is_abandoned;  // to be killed at the end of the grace; what starts under a later deadline is not
};

static struct slot slots[most_slots];
static unsigned slot_count;
static uint32_t grace_ms;
static uint64_t deadline, sweep_at;
static unsigned orphans;  // found by the newest sweep: what killed keepers left behind
static bool is_abandoned, is_node_gone;
static int last_word = -1;

static void report_owed(void)
{
    for (unsigned i = 0; i < slot_count;) {
        struct slot *slot = &slots[i];
        bool is_dying = slot->step == guardian_step_keeper && orphans > 0;
        if (slot->keeper != 0 || is_dying) { i++; continue; }
        struct guardian_report report = {.token = slot->token, .step = slot->step, .error = slot->error};
        ssize_t sent = send(socket_fd, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) return;
        slots[i] = slots[--slot_count];
    }
}

static bool owes_report(void)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i].keeper == 0 && orphans == 0) return true;
    return false;
}

static void spawn(const struct request *request, const int fds[fd_count])
{
    struct slot slot = {.token = request->token};
    pid_t guardian = getpid();
    if (deadline <= guardian_now_ns()) {
        slot.step = guardian_step_refused;
    } else if (slot_count >= most_runs) {
        slot.step = guardian_step_fork;
        slot.error = EAGAIN;
    } else {
        slot.keeper = _Fork();
        if (slot.keeper == 0) keep(request, fds, socket_fd, guardian, grace_ms);
        if (slot.keeper < 0) slot = (struct slot){.token = request->token, .step = guardian_step_fork, .error = errno};
    }
    if (slot_count < most_slots) slots[slot_count++] = slot;
}

static void stop(const struct request *request)
{
    union sigval grace = {.sival_int = (int)request->grace_ms};
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i].token == request->token && slots[i].keeper > 0) sigqueue(slots[i].keeper, SIGNAL_STOP, grace);
}

static void pass(const struct request *request)
{
    union sigval signal = {.sival_int = (int)request->grace_ms};
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i].keeper > 0) sigqueue(slots[i].keeper, SIGNAL_PASS, signal);
}

static void abandon(void)
{
    is_abandoned = true;
    for (unsigned i = 0; i < slot_count; i++) {
        if (slots[i].keeper <= 0) continue;
        slots[i].is_abandoned = true;
        kill(slots[i].keeper, SIGNAL_ABANDON);
    }
    // Keepers kill at the end of the grace; should one be stopped or stuck, the guardian does it for them.
    sweep_at = guardian_now_ns() + grace_ms * millisecond_ns + 100 * millisecond_ns;
}

static unsigned sweep(void)
{
    static pid_t keepers[most_slots];
    unsigned count = 0, found = 0;
    for (unsigned i = 0; i < slot_count; i++) {
        if (slots[i].keeper <= 0) continue;
        keepers[count++] = slots[i].keeper;
        if (slots[i].is_abandoned) found += signal_below(slots[i].keeper, NULL, 0, SIGKILL);
    }
    orphans = signal_below(getpid(), keepers, count, SIGKILL);
    found += orphans;
    sweep_at = found > 0 ? guardian_now_ns() + 50 * millisecond_ns : never;
    return found;
}

static void reap(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < slot_count; i++) {
            if (slots[i].keeper != pid) continue;
            if (status == 0) {
                slots[i] = slots[--slot_count];
            } else {
                // Killed: what it kept is ours now, and nobody else will report its end.
                slots[i].keeper = 0;
                slots[i].step = guardian_step_keeper;
                sweep_at = 0;
            }
            break;
        }
    }
}

static bool take_request(void)
{
    union { struct cmsghdr header; char space[CMSG_SPACE(fd_count * sizeof(int))]; } control;
    struct request request;
    struct iovec bytes = {.iov_base = &request, .iov_len = sizeof request};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t got = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got != (ssize_t)sizeof request) {
        is_node_gone = true;
        deadline = 0;
        return false;
    }
    int fds[fd_count] = {-1, -1, -1, -1};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (rights && rights->cmsg_type == SCM_RIGHTS) memcpy(fds, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));

    switch (request.kind) {
    case request_spawn: spawn(&request, fds); break;
    case request_stop: stop(&request); break;
    case request_pass: pass(&request); break;
    case request_extend: deadline = request.deadline_ns; break;
    case request_word:
        if (last_word >= 0) close(last_word);
        last_word = fds[fd_order];
        fds[fd_order] = -1;
        break;
    }
    for (int i = 0; i < fd_count; i++)
        if (fds[i] >= 0) close(fds[i]);
    return true;
}

static void arm(int timer)
{
    uint64_t next = sweep_at;
    if (!is_abandoned && deadline < next) next = deadline;
    struct itimerspec at = {0};
    if (next != never) {
        at.it_value.tv_sec = (time_t)(next / second_ns);
        at.it_value.tv_nsec = (long)(next % second_ns) + (next == 0);  // zero would disarm it
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/// Shows as `onebeat-guardian` to ps and pgrep, so that whoever kills `onebeat up` by name spares it.
static void take_name(void)
{
    static const char name[] = "onebeat-guardian";
    prctl(PR_SET_NAME, "onebeat-guard");  // the kernel keeps 15 bytes here
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return;
    text[size] = 0;
    char *field = strrchr(text, ')');
    for (int i = 2; field && i < 48; i++) field = strchr(field + 1, ' ');  // field 48 is where the arguments start
    if (!field) return;
    char *first = (char *)strtoul(field, &field, 10);
    char *end = (char *)strtoul(field, &field, 10);
    if (!first || end - first < (ptrdiff_t)sizeof name) return;
    memset(first, 0, (size_t)(end - first));
    memcpy(first, name, sizeof name);
}

static void let_go_of_the_node(int socket)
{
    setsid();  // a terminal's ^C is for the node alone
    int high = fcntl(socket, F_DUPFD_CLOEXEC, socket_fd);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    if (high != socket_fd) dup3(high, socket_fd, O_CLOEXEC);
    if (close_range(socket_fd + 1, ~0u, 0) < 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        for (int fd = socket_fd + 1; fd < (int)limit.rlim_cur; fd++) close(fd);
    }
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

_Noreturn void guard(int socket, uint32_t grace)
{
    let_go_of_the_node(socket);
    take_name();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    grace_ms = grace;
    deadline = sweep_at = never;

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (children < 0 || timer < 0) _exit(1);

    struct pollfd events[] = {{socket_fd, POLLIN, 0}, {children, POLLIN, 0}, {timer, POLLIN, 0}};
    while (!is_node_gone || slot_count > 0 || sweep() > 0) {
        arm(timer);
        events[0].fd = is_node_gone ? -1 : socket_fd;
        events[0].events = owes_report() ? POLLIN | POLLOUT : POLLIN;
        poll(events, 3, -1);

        struct signalfd_siginfo info;
        while (read(children, &info, sizeof info) > 0) {}
        // Requests before the clock: a deadline that was extended while the guardian was frozen has not passed.
        if (events[0].revents)
            while (take_request()) {}
        reap();
        bool is_past = deadline <= guardian_now_ns();
        if (is_past && !is_abandoned) abandon();
        if (sweep_at <= guardian_now_ns()) sweep();
        if (!is_past) is_abandoned = false;
        report_owed();
    }
    // Only now: whoever hears of it may start the same work elsewhere at once.
    if (last_word >= 0) become_last_word(last_word);
    _exit(0);
}
