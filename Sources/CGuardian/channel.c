// The node's side of the socket.
#define _GNU_SOURCE
#include "parts.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t guardian_fork(uint32_t grace_ms, int *node_socket)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;

    // Blocked before the fork: no signal handler of the node may ever run in the guardian.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = _Fork();
    if (pid == 0) guard(ends[1], grace_ms);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *node_socket = ends[0];
    return pid;
}

static int send_request(int socket, const struct request *request, const int *fds)
{
    union { struct cmsghdr header; char space[CMSG_SPACE(fd_count * sizeof(int))]; } control;
    struct iovec bytes = {.iov_base = (void *)request, .iov_len = sizeof *request};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (fds) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -1;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

/// An order may be larger than any packet, so it travels as memory and only the descriptor is sent.
static int send_order(int socket, const struct request *request, const void *order, size_t size, int in, int out,
                      int err)
{
    int memory = memfd_create("onebeat-order", MFD_CLOEXEC);
    if (memory < 0) return -1;
    int result = write_all(memory, order, size);
    if (result == 0) {
        int fds[fd_count] = {memory, in < 0 ? memory : in, out < 0 ? memory : out, err < 0 ? memory : err};
        result = send_request(socket, request, fds);
    }
    int error = errno;
    close(memory);
    errno = error;
    return result;
}

int guardian_spawn(int node_socket, uint64_t token, uint32_t grace_ms, int leaves, const void *order, size_t size,
                   int in, int out, int err)
{
    struct request request = {.kind = request_spawn, .token = token, .grace_ms = grace_ms, .leaves = leaves != 0};
    return send_order(node_socket, &request, order, size, in, out, err);
}

int guardian_leave_word(int node_socket, const void *order, size_t size)
{
    struct request request = {.kind = request_word};
    return send_order(node_socket, &request, order, size, -1, -1, -1);
}

int guardian_stop(int node_socket, uint64_t token, uint32_t grace_ms)
{
    struct request request = {.kind = request_stop, .token = token, .grace_ms = grace_ms};
    return send_request(node_socket, &request, NULL);
}

int guardian_pass(int node_socket, int signal)
{
    struct request request = {.kind = request_pass, .grace_ms = (uint32_t)signal};
    return send_request(node_socket, &request, NULL);
}

void guardian_resume(pid_t guardian)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)guardian, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == guardian) kill(guardian, SIGCONT);
}

int guardian_extend(int node_socket, uint64_t deadline_ns)
{
    struct request request = {.kind = request_extend, .deadline_ns = deadline_ns};
    return send_request(node_socket, &request, NULL);
}

int guardian_receive(int node_socket, struct guardian_report *report)
{
    ssize_t got;
    do got = recv(node_socket, report, sizeof *report, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof *report) return 1;
    return got < 0 && errno != ECONNRESET ? -1 : 0;
}

int guardian_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

void guardian_open_streams(void)
{
    // The lowest free number is what open gives.
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0) open("/dev/null", O_RDWR);
}

const char *guardian_signal_name(int signal) { return sigabbrev_np(signal); }

uint64_t guardian_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
