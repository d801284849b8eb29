// epoll, with nothing but descriptors in and out. A descriptor is told of once for each time it was armed.
#define _GNU_SOURCE
#include "guardian.h"
#include <errno.h>
#include <sys/epoll.h>

int guardian_readiness(void) { return epoll_create1(EPOLL_CLOEXEC); }

int guardian_readiness_arm(int readiness, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = fd};
    if (epoll_ctl(readiness, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
    return errno == ENOENT ? epoll_ctl(readiness, EPOLL_CTL_ADD, fd, &event) : -1;
}

int guardian_readiness_forget(int readiness, int fd) { return epoll_ctl(readiness, EPOLL_CTL_DEL, fd, NULL); }

int guardian_readiness_wait(int readiness, int *fds, int capacity)
{
    struct epoll_event events[64];
    int count;
    do count = epoll_wait(readiness, events, capacity < 64 ? capacity : 64, -1);
    while (count < 0 && errno == EINTR);
    for (int i = 0; i < count; i++) fds[i] = events[i].data.fd;
    return count;
}
