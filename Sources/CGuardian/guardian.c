// The guardian's loop: it starts keepers, passes stops on, watches the deadline and the node. It never waits for
// anything but poll, so neither a hung directory nor a frozen node can keep it from killing in time.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

// More runs than a node has slots (10,000), since those of a lease that was lost may still be ending; and more places than
// runs: a refused run needs one too, until the socket has taken its report.
enum { most_runs = 16384, most_slots = 32768, most_pids = 1 << 22, socket_fd = 3 };
/// What a finished leader leaves behind is usually about to finish as well (`… > >(gzip)`): it may, for this long.
static const uint64_t linger_ms = 1000;

/// A run: its keeper while that lives, and what is to become of it.
struct slot {
    struct guardian_report refusal;  // where there is no record
    struct record *record;
    uint64_t term_at, kill_at, kill_pause;
    pid_t keeper;             // 0 once it is gone
    uint32_t grace_ms;        // of what outlives the leader
    bool is_owed;             // its report waits for room in the socket
    bool is_left;             // its leader is gone, and what is left of it is to be left alone
    bool is_leader_seen_gone;
    bool was_orphaned;        // its keeper was killed
};

static struct slot slots[most_slots];
static unsigned slot_count, owed_count, running_count;
// Shared, so that a fork need not copy what is known of others.
static struct record *records;
static uint16_t *slots_of;  // by keeper; 0 = none, else one more than the slot's place
static uint16_t free_records[most_runs];
static unsigned free_count, fresh_count;

static uint32_t grace_ms;
static uint64_t deadline, wake_at;
static bool has_orphans;  // what killed keepers left behind, and was there at the newest look
static bool is_abandoned, is_node_gone;
static int last_word = -1;

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static bool is_keeper(pid_t pid) { return pid < most_pids && slots_of[pid] != 0; }

static void forget(unsigned place)
{
    struct slot *slot = &slots[place];
    if (slot->record) free_records[free_count++] = (uint16_t)(slot->record - records);
    *slot = slots[--slot_count];
    if (slot->keeper > 0) slots_of[slot->keeper] = (uint16_t)(place + 1);
}

static void report_owed(void)
{
    for (unsigned i = 0; i < slot_count && owed_count > 0;) {
        struct slot *slot = &slots[i];
        const struct guardian_report *report = slot->record ? &slot->record->report : &slot->refusal;
        if (!slot->is_owed || (slot->was_orphaned && has_orphans)) { i++; continue; }
        ssize_t sent = send(socket_fd, report, sizeof *report, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) return;
        slot->is_owed = false;
        owed_count--;
        if (slot->keeper == 0) forget(i); else i++;
    }
}

static void owe_report(struct slot *slot)
{
    slot->is_owed = true;
    owed_count++;
    running_count--;
}

static void spawn(const struct request *request, const int fds[fd_count])
{
    if (slot_count == most_slots) return;
    struct slot *slot = &slots[slot_count++];
    *slot = (struct slot){.term_at = never, .kill_at = never, .grace_ms = request->grace_ms};
    running_count++;
    int32_t step = guardian_step_none, error = 0;
    if (deadline <= guardian_now_ns()) {
        step = guardian_step_refused;
    } else if (free_count == 0 && fresh_count == most_runs) {
        step = guardian_step_full;
    } else {
        struct record *record = &records[free_count > 0 ? free_records[--free_count] : fresh_count++];
        memset(record, 0, sizeof *record);
        record->report.token = request->token;
        record->leaves = request->leaves;
        record->grace_ms = grace_ms;
        slot->record = record;
        pid_t guardian = getpid();
        slot->keeper = _Fork();
        if (slot->keeper == 0) keep(record, fds, socket_fd, guardian);
        if (slot->keeper > 0) {
            slots_of[slot->keeper] = (uint16_t)slot_count;
            return;
        }
        slot->keeper = 0;
        step = record->report.step = guardian_step_fork;
        error = record->report.error = errno;
    }
    slot->refusal = (struct guardian_report){.token = request->token, .step = step, .error = error};
    owe_report(slot);
}

static void end(struct slot *slot, enum guardian_stop stop, uint32_t grace)
{
    if (!atomic_load(&slot->record->is_leader_gone)) slot->record->report.stop = (int32_t)stop;
    slot->term_at = 0;
    // What has begun to end is given no more time by being asked again.
    if (slot->kill_at == never) slot->kill_pause = 10 * millisecond_ns;
    slot->kill_at = earlier(slot->kill_at, guardian_now_ns() + grace * millisecond_ns);
    wake_at = 0;
}

static bool is_running(const struct slot *slot) { return slot->keeper > 0 && !slot->is_left; }

static void stop(const struct request *request)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (is_running(&slots[i]) && slots[i].record->report.token == request->token)
            end(&slots[i], guardian_stop_asked, request->grace_ms);
}

static void pass(const struct request *request)
{
    for (unsigned i = 0; i < slot_count; i++) {
        if (!is_running(&slots[i])) continue;
        pid_t leader = atomic_load(&slots[i].record->leader);
        // Its group bears the leader's number only as long as the leader has not been waited for.
        if (leader > 0 && !atomic_load(&slots[i].record->is_leader_gone)) kill(-leader, (int)request->grace_ms);
    }
}

static void abandon(void)
{
    is_abandoned = true;
    for (unsigned i = 0; i < slot_count; i++)
        if (is_running(&slots[i])) end(&slots[i], guardian_stop_abandoned, grace_ms);
}

/// Looks for leaders that are gone and left something behind.
static void look_at_leaders(void)
{
    for (unsigned i = 0; i < slot_count; i++) {
        struct slot *slot = &slots[i];
        if (!is_running(slot) || slot->is_leader_seen_gone || !atomic_load(&slot->record->is_leader_gone)) continue;
        slot->is_leader_seen_gone = true;
        if (slot->record->leaves && slot->kill_at == never) {
            slot->is_left = true;
            owe_report(slot);
        } else if (slot->kill_at == never) {
            slot->term_at = guardian_now_ns() + linger_ms * millisecond_ns;
            wake_at = earlier(wake_at, slot->term_at);
        }
    }
}

/// TERM and KILL for all runs that are due for it, in one round.
static void end_what_is_due(void)
{
    uint64_t start = guardian_now_ns();
    look_at_processes();
    for (unsigned i = 0; i < slot_count; i++) {
        struct slot *slot = &slots[i];
        if (!is_running(slot)) continue;
        bool is_leader_gone = atomic_load(&slot->record->is_leader_gone), is_first = slot->term_at <= start;
        if (slot->kill_at <= start) {
            unsigned count = signal_below(slot->keeper, is_keeper, SIGKILL);
            if (is_leader_gone && is_first) slot->record->report.leftovers = count;
            slot->term_at = never;
            // Soon again for what was just born; seldom for what KILL cannot reach (a hung disk, another user).
            slot->kill_pause = earlier(slot->kill_pause * 2, second_ns);
            slot->kill_at = never - 1;
        } else if (is_first) {
            unsigned count = signal_below(slot->keeper, is_keeper, SIGTERM);
            if (is_leader_gone) slot->record->report.leftovers = count;
            if (slot->kill_at == never) {
                slot->kill_at = guardian_now_ns() + slot->grace_ms * millisecond_ns;
                slot->kill_pause = 10 * millisecond_ns;
            }
            // Not begun yet: it is told as soon as it has.
            bool is_told = is_leader_gone || atomic_load(&slot->record->leader) != 0;
            slot->term_at = is_told ? never : start + 20 * millisecond_ns;
        }
    }
    has_orphans = has_orphans && signal_below(getpid(), is_keeper, SIGKILL) > 0;

    // Half of the time is for others.
    uint64_t now = guardian_now_ns(), length = now - start;
    wake_at = has_orphans ? now + length + 20 * millisecond_ns : never;
    for (unsigned i = 0; i < slot_count; i++) {
        struct slot *slot = &slots[i];
        if (!is_running(slot)) continue;
        if (slot->kill_at == never - 1) slot->kill_at = now + length + slot->kill_pause;
        wake_at = earlier(wake_at, earlier(slot->term_at, slot->kill_at));
    }
}

static void lose_keeper(struct slot *slot, int status)
{
    if (WIFSIGNALED(status)) {
        // What it kept is ours now, and nobody else will end it.
        has_orphans = slot->was_orphaned = true;
        wake_at = 0;
        if (!atomic_load(&slot->record->is_leader_gone)) {
            slot->record->report.step = guardian_step_keeper;
            slot->record->report.error = WTERMSIG(status);
        }
    }
    if (!slot->is_left) owe_report(slot);
    else if (!slot->is_owed) forget((unsigned)(slot - slots));
}

static void reap(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (!is_keeper(pid)) continue;
        if (WIFSTOPPED(status)) {
            kill(pid, SIGCONT);  // by its own job, say: `kill -STOP $PPID`
            continue;
        }
        struct slot *slot = &slots[slots_of[pid] - 1];
        slots_of[pid] = 0;
        slot->keeper = 0;
        lose_keeper(slot, status);
    }
}

/// Whether anything lives that has to end before this process may.
static bool has_living(void)
{
    if (running_count > 0 || owed_count > 0) return true;
    look_at_processes();
    has_orphans = signal_below(getpid(), is_keeper, SIGKILL) > 0;
    if (has_orphans) wake_at = guardian_now_ns() + 20 * millisecond_ns;
    return has_orphans;
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
    uint64_t next = is_abandoned ? wake_at : earlier(wake_at, deadline);
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

static void make_tables(void)
{
    int shared = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    records = mmap(NULL, most_runs * sizeof *records, PROT_READ | PROT_WRITE, shared, -1, 0);
    slots_of = mmap(NULL, most_pids * sizeof *slots_of, PROT_READ | PROT_WRITE, shared, -1, 0);
    if (records == MAP_FAILED || slots_of == MAP_FAILED) _exit(1);
}

_Noreturn void guard(int socket, uint32_t grace)
{
    let_go_of_the_node(socket);
    take_name();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    make_tables();
    grace_ms = grace;
    deadline = wake_at = never;

    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGNAL_LOOK);
    int signals = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (signals < 0 || timer < 0) _exit(1);

    struct pollfd events[] = {{socket_fd, POLLIN, 0}, {signals, POLLIN, 0}, {timer, POLLIN, 0}};
    while (!is_node_gone || has_living()) {
        arm(timer);
        // A node that said its last word may still read.
        bool is_telling = owed_count > 0 && !has_orphans;
        events[0].fd = is_node_gone && !is_telling ? -1 : socket_fd;
        events[0].events = (short)((is_node_gone ? 0 : POLLIN) | (is_telling ? POLLOUT : 0));
        poll(events, 3, -1);

        struct signalfd_siginfo info;
        bool is_to_look = false;
        while (read(signals, &info, sizeof info) > 0) is_to_look |= info.ssi_signo == SIGNAL_LOOK;
        // Requests before the clock: a deadline that was extended while the guardian was frozen has not passed.
        if (events[0].revents && !is_node_gone)
            while (take_request()) {}
        reap();
        if (is_to_look) look_at_leaders();
        bool is_past = deadline <= guardian_now_ns();
        if (is_past && !is_abandoned) abandon();
        if (wake_at <= guardian_now_ns()) end_what_is_due();
        if (!is_past) is_abandoned = false;
        report_owed();
    }
    // Only now: whoever hears of it may start the same work elsewhere at once.
    if (last_word >= 0) become_last_word(last_word);
    _exit(0);
}
