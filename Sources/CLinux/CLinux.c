#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int lh_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int lh_epoll_control(int epoll, int operation, int fd, uint32_t events,
                                   uint64_t data) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = events;
  event.data.u64 = data;
  return epoll_ctl(epoll, operation, fd, &event);
}
int lh_epoll_add(int epoll, int fd, uint32_t events, uint64_t data) {
  return lh_epoll_control(epoll, EPOLL_CTL_ADD, fd, events, data);
}
int lh_epoll_modify(int epoll, int fd, uint32_t events, uint64_t data) {
  return lh_epoll_control(epoll, EPOLL_CTL_MOD, fd, events, data);
}
int lh_epoll_remove(int epoll, int fd) {
  return lh_epoll_control(epoll, EPOLL_CTL_DEL, fd, 0, 0);
}

/* Waits for at most `capacity` (64 or fewer) events; a negative time-out waits without end. */
int lh_epoll_wait(int epoll, struct lh_event *events, int capacity,
                                int64_t timeout_nanoseconds) {
  struct epoll_event raw[64];
  struct timespec limit;
  struct timespec *timeout = NULL;
  if (capacity > 64) capacity = 64;
  if (timeout_nanoseconds >= 0) {
    limit.tv_sec = timeout_nanoseconds / 1000000000;
    limit.tv_nsec = timeout_nanoseconds % 1000000000;
    timeout = &limit;
  }
  int count = epoll_pwait2(epoll, raw, capacity, timeout, NULL);
  for (int i = 0; i < count; i++) {
    events[i].events = raw[i].events;
    events[i].data = raw[i].data.u64;
  }
  return count;
}

static int64_t lh_clock(int clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t lh_clock_monotonic(void) { return lh_clock(CLOCK_MONOTONIC); }
int64_t lh_clock_realtime(void) { return lh_clock(CLOCK_REALTIME); }
int64_t lh_clock_thread(void) { return lh_clock(CLOCK_THREAD_CPUTIME_ID); }

int lh_start_writing(int file, int64_t offset, int64_t count) {
  return sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
}

/* Linux takes the number 0 for the calling thread, not for its process. */
int lh_give_way(void) {
  return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 10);
}

int lh_eventfd(int semaphore, int nonblocking) {
  return eventfd(0, EFD_CLOEXEC | (semaphore ? EFD_SEMAPHORE : 0) |
                        (nonblocking ? EFD_NONBLOCK : 0));
}

/* Blocks the given signals for the calling thread (and those it starts) and returns a descriptor
   that reads them. Call before any thread is started. */
int lh_signalfd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) {
    errno = error;
    return -1;
  }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
/* The next signal's number, 0 when there is none. */
int lh_signalfd_read(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
void lh_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }
void lh_default_sigchld(void) { signal(SIGCHLD, SIG_DFL); }

/* Fills a Unix socket address; 0 when the path does not fit. A leading '@' means abstract. */
static socklen_t lh_unix_address(struct sockaddr_un *address, const char *path) {
  size_t length = strlen(path);
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (length == 0 || length >= sizeof address->sun_path) return 0;
  memcpy(address->sun_path, path, length);
  if (path[0] == '@') {
    address->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  }
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

int lh_unix_socket(int datagram) {
  return socket(AF_UNIX, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}
int lh_unix_bind(int fd, const char *path) {
  struct sockaddr_un address;
  socklen_t length = lh_unix_address(&address, path);
  if (length == 0) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return bind(fd, (struct sockaddr *)&address, length);
}
int lh_unix_connect(int fd, const char *path) {
  struct sockaddr_un address;
  socklen_t length = lh_unix_address(&address, path);
  if (length == 0) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return connect(fd, (struct sockaddr *)&address, length);
}
int lh_accept(int fd) {
  return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Who is at the other end of a Unix socket: uid, pid and all groups (primary first). Returns the
   number of groups, or -1. */
int lh_peer(int fd, uint32_t *uid, int32_t *pid, uint32_t *groups, int capacity) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
  *uid = credentials.uid;
  *pid = credentials.pid;
  if (capacity < 1) return 0;
  groups[0] = credentials.gid;
  gid_t more[256];
  length = sizeof more;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more, &length) != 0) return 1;
  int count = 1;
  for (unsigned i = 0; i < length / sizeof more[0] && count < capacity; i++)
    groups[count++] = more[i];
  return count;
}

/* One datagram to systemd's notification socket; -1 with errno when it did not go. */
int lh_notify(const char *path, const char *text) {
  int fd = lh_unix_socket(1);
  if (fd < 0) return -1;
  struct sockaddr_un address;
  socklen_t length = lh_unix_address(&address, path);
  ssize_t sent = -1;
  if (length > 0)
    sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
  int error = errno;
  close(fd);
  errno = error;
  return sent < 0 ? -1 : 0;
}

/* A TCP listener on an IPv4 address in text, non-blocking; -1 with errno. */
int lh_tcp_listen(const char *address, uint16_t port, int backlog) {
  struct addrinfo hints, *found = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(address, NULL, &hints, &found) != 0 || found == NULL) {
    errno = EINVAL;
    return -1;
  }
  if (found->ai_family == AF_INET6)
    ((struct sockaddr_in6 *)found->ai_addr)->sin6_port = htons(port);
  else
    ((struct sockaddr_in *)found->ai_addr)->sin_port = htons(port);
  int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int on = 1;
  int failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
               bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, backlog) != 0;
  int error = errno;
  freeaddrinfo(found);
  if (failed) {
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
  }
  return fd;
}
/* The port that a listener was given, 0 on failure. */
uint16_t lh_local_port(int fd) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                             : ((struct sockaddr_in *)&address)->sin_port);
}
/* Makes close() send a reset instead of an orderly end. */
int lh_reset_on_close(int fd) {
  struct linger linger = {1, 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}
int lh_no_delay(int fd) {
  int on = 1;
  return setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &on, sizeof on);
}

/* A numeric address with a port; 0 when the text is none. */
static socklen_t lh_numeric_address(struct sockaddr_storage *place, const char *text, uint16_t port) {
  struct addrinfo hints, *found = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(text, NULL, &hints, &found) != 0 || found == NULL) return 0;
  socklen_t length = found->ai_addrlen;
  memcpy(place, found->ai_addr, length);
  if (found->ai_family == AF_INET6)
    ((struct sockaddr_in6 *)place)->sin6_port = htons(port);
  else
    ((struct sockaddr_in *)place)->sin_port = htons(port);
  freeaddrinfo(found);
  return length;
}

/* Lets the kernel keep packets from a socket; those that wait already stay. */
static int lh_attach_filter(int fd, struct sock_filter *steps, unsigned short count) {
  struct sock_fprog program = {count, steps};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* An ICMP socket for echoes: the datagram kind, which a sysctl permits, or a raw one, which needs
   CAP_NET_RAW and is narrowed to echo replies: it would be given those to everybody's echoes. */
static int lh_icmp_socket(int family, int *raw) {
  int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd >= 0 || (errno != EACCES && errno != EPERM && errno != EPROTONOSUPPORT)) return fd;
  fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) return fd;
  *raw = 1;
  if (family == AF_INET6) {
    struct icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  } else {
    struct icmp_filter filter = {~(1u << ICMP_ECHOREPLY)};
    setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
  }
  /* Until an echo has been sent no reply is one to it. */
  struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  lh_attach_filter(fd, nothing, 1);
  return fd;
}

int lh_only_echoes_of(int fd, uint16_t identifier, int ipv6) {
  /* What the kernel shows a raw socket begins with the IP header for IPv4 and behind it for IPv6. X is the
     length of that header; the identifier of an echo stands in its bytes 4 and 5 (RFC 792, RFC 4443
     section 4.2). */
  struct sock_filter program[] = {
      ipv6 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 0)
           : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return lh_attach_filter(fd, program, sizeof program / sizeof program[0]);
}

struct lh_probe_socket_result lh_probe_socket(int transport, const char *address, uint16_t port,
                                              const char *source) {
  struct lh_probe_socket_result result = {-1, lh_step_address, EINVAL, 0, 0, 0};
  struct sockaddr_storage target, local;
  socklen_t length = lh_numeric_address(&target, address, port);
  socklen_t local_length = source == NULL ? 0 : lh_numeric_address(&local, source, 0);
  if (length == 0 || (source != NULL && local_length == 0)) return result;
  int family = target.ss_family, on = 1;
  result.ipv6 = family == AF_INET6;
  result.step = lh_step_socket;
  int fd;
  if (transport == lh_transport_icmp)
    fd = lh_icmp_socket(family, &result.raw);
  else
    fd = socket(family,
                (transport == lh_transport_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC |
                    SOCK_NONBLOCK, 0);
  if (fd < 0) {
    result.error = errno;
    return result;
  }
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  /* Without it the kernel keeps to itself what a router tells of packets. */
  if (transport != lh_transport_tcp) {
    if (family == AF_INET6)
      setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    else
      setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  }
  result.step = lh_step_bind;
  if (local_length > 0 && bind(fd, (struct sockaddr *)&local, local_length) != 0) {
    result.error = errno;
    close(fd);
    return result;
  }
  result.step = lh_step_connect;
  if (connect(fd, (struct sockaddr *)&target, length) != 0) {
    if (errno != EINPROGRESS) {
      result.error = errno;
      close(fd);
      return result;
    }
    result.in_progress = 1;
  }
  result.fd = fd;
  result.error = 0;
  return result;
}

int64_t lh_receive(int fd, void *bytes, int64_t capacity, int64_t *stamp_nanoseconds) {
  char control[256];
  struct iovec part = {bytes, (size_t)capacity};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  *stamp_nanoseconds = 0;
  ssize_t count = recvmsg(fd, &message, 0);
  if (count < 0) return -1;
  for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry != NULL;
       entry = CMSG_NXTHDR(&message, entry)) {
    if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec stamp;
    memcpy(&stamp, CMSG_DATA(entry), sizeof stamp);
    *stamp_nanoseconds = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
  }
  return count;
}

int lh_take_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  /* The queue must be emptied, or the socket stays ready for ever; it holds few. */
  for (int i = 0; i < 64; i++) {
    char control[512], byte[1];
    struct iovec part = {byte, sizeof byte};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry != NULL;
         entry = CMSG_NXTHDR(&message, entry)) {
      int is_error = (entry->cmsg_level == IPPROTO_IP && entry->cmsg_type == IP_RECVERR) ||
                     (entry->cmsg_level == IPPROTO_IPV6 && entry->cmsg_type == IPV6_RECVERR);
      if (!is_error) continue;
      struct sock_extended_err told;
      memcpy(&told, CMSG_DATA(entry), sizeof told);
      if (told.ee_errno != 0) error = (int)told.ee_errno;
    }
  }
  length = sizeof error;
  int pending = 0;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &length);
  return error != 0 ? error : pending;
}

/* fcntl and open are variadic and so not imported. */
int lh_open(const char *path, int flags, uint32_t mode) {
  return open(path, flags | O_CLOEXEC, mode);
}
int lh_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

const uint32_t lh_epollin = EPOLLIN;
const uint32_t lh_epollout = EPOLLOUT;
const uint32_t lh_epollfailed = EPOLLERR | EPOLLHUP;

void lh_eventfd_add(int fd, uint64_t count) {
  ssize_t ignored = write(fd, &count, sizeof count);
  (void)ignored;
}
uint64_t lh_eventfd_take(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof count) == sizeof count ? count : 0;
}
int lh_random(void *bytes, int count) { return getrandom(bytes, (size_t)count, 0) == count; }
int lh_syncfs(int fd) { return syncfs(fd); }

/* Moves a descriptor above the standard streams, should this process have been started without them. */
static int lh_above_streams(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int error = errno;
  close(fd);
  errno = error;
  return moved;
}
int lh_pipe(int *reading, int *writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  *reading = lh_above_streams(ends[0]);
  *writing = lh_above_streams(ends[1]);
  if (*reading >= 0 && *writing >= 0 && lh_set_nonblocking(*reading) == 0) return 0;
  int error = errno;
  if (*reading >= 0) close(*reading);
  if (*writing >= 0) close(*writing);
  errno = error;
  return -1;
}

static int lh_spawn_actions(posix_spawn_file_actions_t *actions, int output, int errors) {
  int error = posix_spawn_file_actions_addchdir_np(actions, "/");
  if (error == 0)
    error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (error == 0) error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (error == 0) error = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
  if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
  return error;
}
static int lh_spawn_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawnattr_setsigmask(attributes, &none);
  if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (error == 0)
    error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  return error;
}
int lh_spawn(const char *path, char *const *arguments, char *const *environment, int output,
             int errors, int32_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    pid_t started = 0;
    error = lh_spawn_actions(&actions, output, errors);
    if (error == 0) error = lh_spawn_attributes(&attributes);
    if (error == 0)
      error = posix_spawn(&started, path, &actions, &attributes, arguments, environment);
    *pid = started;
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}
/* glibc before 2.36 has no wrapper. The descriptor is closed in other programs by itself. */
int lh_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int lh_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int lh_read_clock_state(struct lh_clock_state *clock) {
  struct timex kernel;
  memset(&kernel, 0, sizeof kernel);
  /* Not by the function of that name: glibc's asks with clock_adjtime, which may set every clock. */
  long state = syscall(SYS_adjtimex, &kernel);
  if (state < 0) return -1;
  clock->state = (int32_t)state;
  clock->status = kernel.status;
  clock->maximum_error_microseconds = kernel.maxerror;
  return 0;
}
