/* The calls of Linux that Swift cannot reach or imports unevenly. The header names no C library
   type: with _GNU_SOURCE their definitions would clash with those of Swift's own Glibc module. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

struct lh_event {
  uint32_t events;
  uint64_t data;
};
extern const uint32_t lh_epollin, lh_epollout, lh_epollfailed;

int lh_epoll_create(void);
int lh_epoll_add(int epoll, int fd, uint32_t events, uint64_t data);
int lh_epoll_modify(int epoll, int fd, uint32_t events, uint64_t data);
int lh_epoll_remove(int epoll, int fd);
/* Waits for at most `capacity` (64 or fewer) events; a negative time-out waits without end. */
int lh_epoll_wait(int epoll, struct lh_event *events, int capacity, int64_t timeout_nanoseconds);
int64_t lh_clock_monotonic(void);
int64_t lh_clock_realtime(void);
/* CPU time of the calling thread. */
int64_t lh_clock_thread(void);
/* Has the kernel begin to bring a part of a file to the disk, without waiting until it is there. */
int lh_start_writing(int file, int64_t offset, int64_t count);
/* Lets other threads go first where there are fewer processors than work. 0, or -1 with errno. */
int lh_give_way(void);
/* An eventfd; as a semaphore each take subtracts one. */
int lh_eventfd(int semaphore, int nonblocking);
/* Blocks the given signals for the calling thread (and those it starts) and returns a descriptor
   that reads them. Call before any thread is started. */
int lh_signalfd(const int *signals, int count);
/* The next signal's number, 0 when there is none. */
int lh_signalfd_read(int fd);
void lh_ignore_sigpipe(void);
/* Whoever starts this process may have ignored SIGCHLD, and then the kernel keeps no ends of children. */
void lh_default_sigchld(void);
int lh_unix_socket(int datagram);
/* Unix socket paths: a leading '@' means the abstract name space. */
int lh_unix_bind(int fd, const char *path);
int lh_unix_connect(int fd, const char *path);
int lh_accept(int fd);
/* Who is at the other end of a Unix socket: uid, pid and all groups (primary first). Returns the
   number of groups, or -1. */
int lh_peer(int fd, uint32_t *uid, int32_t *pid, uint32_t *groups, int capacity);
/* One datagram to systemd's notification socket; -1 with errno when it did not go. */
int lh_notify(const char *path, const char *text);
/* A TCP listener on a numeric address, non-blocking; -1 with errno. */
int lh_tcp_listen(const char *address, uint16_t port, int backlog);
/* The port that a listener was given, 0 on failure. */
uint16_t lh_local_port(int fd);
/* Makes close() send a reset instead of an orderly end. */
int lh_reset_on_close(int fd);
int lh_no_delay(int fd);

/* What a socket of a probe is for. */
enum lh_transport { lh_transport_tcp = 0, lh_transport_udp = 1, lh_transport_icmp = 2 };
/* How far lh_probe_socket came. */
enum lh_step { lh_step_address = 0, lh_step_socket = 1, lh_step_bind = 2, lh_step_connect = 3 };
struct lh_probe_socket_result {
  /* -1 on failure; then `error` is the errno of `step`. */
  int fd;
  int step;
  int error;
  /* The connection is still under way. */
  int in_progress;
  /* It is a raw socket, because ICMP's datagram socket is not permitted. */
  int raw;
  int ipv6;
};
/* A non-blocking socket that is connected, or being connected, to a numeric address; what comes in
   is stamped by the kernel. `source` may be NULL. */
struct lh_probe_socket_result lh_probe_socket(int transport, const char *address, uint16_t port,
                                              const char *source);
/* Lets a raw socket of ICMP receive the replies to echoes of one identifier alone. 0, or -1 with errno. */
int lh_only_echoes_of(int fd, uint16_t identifier, int ipv6);
/* Reads once. Returns the bytes, 0 at a stream's end (or for an empty packet), or -1 with errno.
   `stamp_nanoseconds` is when they came by the wall clock, 0 when the kernel does not say. */
int64_t lh_receive(int fd, void *bytes, int64_t capacity, int64_t *stamp_nanoseconds);
/* The error that is pending on a socket, ICMP's messages included, which are used up; 0 for none. */
int lh_take_error(int fd);
/* What the kernel says of its wall clock (adjtimex with modes 0, which changes nothing). */
struct lh_clock_state {
  /* TIME_OK and others. */
  int32_t state;
  /* The bits STA_... */
  int32_t status;
  int64_t maximum_error_microseconds;
};
/* 0, or -1 with errno. */
int lh_read_clock_state(struct lh_clock_state *clock);
/* open and fcntl are variadic and so not imported. */
int lh_open(const char *path, int flags, uint32_t mode);
int lh_set_nonblocking(int fd);
void lh_eventfd_add(int fd, uint64_t count);
uint64_t lh_eventfd_take(int fd);
/* syncfs is a GNU extension. */
int lh_syncfs(int fd);
/* Fills up to 256 bytes from the kernel; 1 on success. */
int lh_random(void *bytes, int count);

/* A pipe whose ends no program inherits by accident; the end that is read does not block. Both numbers
   lie above those of the standard streams. */
int lh_pipe(int *reading, int *writing);
/* Starts a program in a session and process group of its own: standard input from /dev/null, the two
   outputs to the given descriptors, nothing else inherited, in the directory /, signals as they are by
   default. 0 or an error number. */
int lh_spawn(const char *path, char *const *arguments, char *const *environment, int output,
             int errors, int32_t *pid);
/* A descriptor that is readable once the process has ended. */
int lh_pidfd_open(int32_t pid);
/* Makes this process the parent of its descendants whose own parents end. */
int lh_become_subreaper(void);

#endif
