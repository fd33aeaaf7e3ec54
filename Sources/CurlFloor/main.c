/* The floor that the daemon's probes are measured against: the same requests through libcurl's
   multi_socket_action and epoll, with nothing around them. Starts are released on ticks, as the
   daemon releases them; without a rate a number of requests is kept in flight. Prints one JSON
   object with the CPU time of each request once the warm-up is over. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { events_per_wait = 256, handles_limit = 65536 };

struct options {
  const char *scheme;
  const char *target;
  const char *user_agent;
  const char *ca_file;
  int port;
  int keep_alive;
  int in_flight;
  long count;
  long warm_up;
  int addresses;
  double rate_per_second;
  long tick_milliseconds;
  long phase_milliseconds;
};

static struct options options = {
    .scheme = "http",
    .target = "/",
    .user_agent = "linkhealth-curl-floor",
    .port = 80,
    .addresses = 1,
    .in_flight = 16,
    .count = 1000,
    .tick_milliseconds = 100,
};

static int epoll_fd;
static CURLM *multi;
/* When libcurl wants to be called though nothing is ready; 0 for never. */
static int64_t timer_due;

static CURL **idle;
static int idle_count, handle_count;

static long started, finished, failed, connections;
static int64_t body_bytes;
static long wakes;

static void give_up(const char *what) {
  fprintf(stderr, "linkhealth-curl-floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t clock_nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What libcurl calls. */

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes;
  (void)context;
  body_bytes += (int64_t)(size * count);
  return size * count;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
  (void)easy;
  (void)context;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, socket, NULL);
    return 0;
  }
  struct epoll_event event = {.data.fd = socket};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (known) return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, socket, &event);
  curl_multi_assign(multi, socket, &epoll_fd);
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, socket, &event);
}

static int set_timer(CURLM *of, long milliseconds, void *context) {
  (void)of;
  (void)context;
  timer_due =
      milliseconds < 0 ? 0 : clock_nanoseconds(CLOCK_MONOTONIC) + milliseconds * 1000000;
  return 0;
}

/* Requests. */

static CURL *new_handle(void) {
  CURL *easy = curl_easy_init();
  if (!easy) give_up("curl_easy_init");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  if (!options.keep_alive) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  if (options.ca_file) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file);
    /* With a directory beside the file libcurl reads the store anew for each connection. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  }
  return easy;
}

static void start_request(void) {
  CURL *easy;
  if (idle_count > 0) {
    easy = idle[--idle_count];
  } else {
    easy = new_handle();
    handle_count++;
  }
  char url[512];
  snprintf(url, sizeof url, "%s://127.0.1.%ld:%d%s%05ld", options.scheme,
           started % options.addresses + 1, options.port, options.target, started % 10000);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_multi_add_handle(multi, easy);
  started++;
}

static void collect_finished(void) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL *easy = message->easy_handle;
    CURLcode result = message->data.result;
    long status = 0, made = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
    if (result != CURLE_OK || status != 200) {
      if (failed++ == 0) {
        fprintf(stderr, "linkhealth-curl-floor: status %ld: %s\n", status,
                curl_easy_strerror(result));
      }
    }
    connections += made;
    finished++;
    curl_multi_remove_handle(multi, easy);
    idle[idle_count++] = easy;
  }
}

/* The loop. */

static int64_t first_tick;
static int64_t tick_nanoseconds;

/* How many requests the ticks up to now have released. */
static long released(int64_t now, long total) {
  if (now < first_tick) return 0;
  int64_t ticks = (now - first_tick) / tick_nanoseconds + 1;
  double due = (double)ticks * options.rate_per_second * (double)tick_nanoseconds / 1e9 + 1e-6;
  return due >= (double)total ? total : (long)due;
}

static void start_released(long total) {
  int64_t now = clock_nanoseconds(CLOCK_MONOTONIC);
  while (options.rate_per_second > 0
             ? started < released(now, total)
             : started < total && started - finished < options.in_flight) {
    if (idle_count == 0 && handle_count >= handles_limit) return;
    start_request();
  }
}

/* When something is due though no socket is ready: libcurl's timer or the next tick. */
static int64_t next_due(long total) {
  int64_t due = timer_due > 0 ? timer_due : INT64_MAX;
  if (options.rate_per_second > 0 && started < total) {
    int64_t now = clock_nanoseconds(CLOCK_MONOTONIC);
    int64_t tick = first_tick;
    if (now >= first_tick) {
      tick += ((now - first_tick) / tick_nanoseconds + 1) * tick_nanoseconds;
    }
    if (tick < due) due = tick;
  }
  return due;
}

static void wait_and_act(int64_t due) {
  struct epoll_event events[events_per_wait];
  struct timespec limit, *timeout = NULL;
  int running;
  if (due < INT64_MAX) {
    int64_t left = due - clock_nanoseconds(CLOCK_MONOTONIC);
    if (left < 0) left = 0;
    limit.tv_sec = left / 1000000000;
    limit.tv_nsec = left % 1000000000;
    timeout = &limit;
  }
  int count = epoll_pwait2(epoll_fd, events, events_per_wait, timeout, NULL);
  if (count < 0 && errno != EINTR) give_up("epoll_pwait2");
  wakes++;
  if (timer_due > 0 && clock_nanoseconds(CLOCK_MONOTONIC) >= timer_due) {
    timer_due = 0;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (int i = 0; i < count; i++) {
    int mask = 0;
    if (events[i].events & EPOLLIN) mask |= CURL_CSELECT_IN;
    if (events[i].events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) mask |= CURL_CSELECT_ERR;
    curl_multi_socket_action(multi, events[i].data.fd, mask, &running);
  }
  collect_finished();
}

static void run_until(long goal, long total) {
  while (finished < goal) {
    start_released(total);
    wait_and_act(next_due(total));
  }
}

static void set_up(void) {
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) give_up("curl_global_init");
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) give_up("epoll_create1");
  multi = curl_multi_init();
  idle = calloc(handles_limit, sizeof *idle);
  if (!multi || !idle) give_up("memory");
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2048L);
  tick_nanoseconds = options.tick_milliseconds * 1000000;
  int64_t phase = options.phase_milliseconds * 1000000 % tick_nanoseconds;
  int64_t now = clock_nanoseconds(CLOCK_MONOTONIC);
  first_tick = (now / tick_nanoseconds + 1) * tick_nanoseconds + phase;
}

static const char usage[] =
    "Usage: linkhealth-curl-floor --port N [options]\n"
    "  --scheme http|https  (http)\n"
    "  --target PATH        requests go to PATH and a running number (/)\n"
    "  --count N            requests that are measured (1000)\n"
    "  --warm-up N          requests before them (0)\n"
    "  --rate N             starts a second, released on ticks (0: --in-flight at a time)\n"
    "  --tick MS            the tick (100)\n"
    "  --phase MS           ticks are so long after multiples of the tick (0)\n"
    "  --addresses N        in turn to 127.0.1.1 and so many addresses in all (1)\n"
    "  --in-flight N        without --rate: requests kept in flight (16)\n"
    "  --keep-alive         reuse connections\n"
    "  --ca FILE            verify against this bundle alone, without TLS sessions\n"
    "  --user-agent TEXT\n";

static double number(const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= least && value <= most)) {
    fprintf(stderr, "linkhealth-curl-floor: %s is not a number from %g to %g\n", text, least,
            most);
    exit(64);
  }
  return value;
}

static void read_arguments(int count, char **words) {
  static const struct option known[] = {
      {"scheme", required_argument, NULL, 's'},
      {"port", required_argument, NULL, 'p'},
      {"addresses", required_argument, NULL, 'd'},
      {"target", required_argument, NULL, 't'},
      {"count", required_argument, NULL, 'n'},
      {"warm-up", required_argument, NULL, 'w'},
      {"rate", required_argument, NULL, 'r'},
      {"tick", required_argument, NULL, 'q'},
      {"phase", required_argument, NULL, 'o'},
      {"in-flight", required_argument, NULL, 'f'},
      {"keep-alive", no_argument, NULL, 'k'},
      {"ca", required_argument, NULL, 'a'},
      {"user-agent", required_argument, NULL, 'u'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
    switch (option) {
      case 's': options.scheme = optarg; break;
      case 'p': options.port = (int)number(optarg, 1, 65535); break;
      case 't': options.target = optarg; break;
      case 'n': options.count = (long)number(optarg, 1, 1e9); break;
      case 'w': options.warm_up = (long)number(optarg, 0, 1e9); break;
      case 'r': options.rate_per_second = number(optarg, 0, 1e6); break;
      case 'q': options.tick_milliseconds = (long)number(optarg, 1, 60000); break;
      case 'd': options.addresses = (int)number(optarg, 1, 254); break;
      case 'o': options.phase_milliseconds = (long)number(optarg, 0, 60000); break;
      case 'f': options.in_flight = (int)number(optarg, 1, handles_limit); break;
      case 'k': options.keep_alive = 1; break;
      case 'a': options.ca_file = optarg; break;
      case 'u': options.user_agent = optarg; break;
      case 'h': fputs(usage, stdout); exit(0);
      default: fputs(usage, stderr); exit(64);
    }
  }
}

int main(int count, char **words) {
  read_arguments(count, words);
  set_up();
  long total = options.warm_up + options.count;
  run_until(options.warm_up, total);

  int64_t wall = clock_nanoseconds(CLOCK_MONOTONIC);
  int64_t cpu = clock_nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  long first = finished, connections_before = connections, wakes_before = wakes;
  int64_t bytes_before = body_bytes;
  run_until(total, total);
  cpu = clock_nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  wall = clock_nanoseconds(CLOCK_MONOTONIC) - wall;

  long measured = finished - first;
  printf("{\"requests\":%ld,\"failed\":%ld,\"connections\":%ld,\"bodyBytes\":%lld,"
         "\"wakes\":%ld,\"handles\":%d,\"wallSeconds\":%.3f,\"cpuSeconds\":%.6f,"
         "\"cpuMicrosecondsPerRequest\":%.3f}\n",
         measured, failed, connections - connections_before,
         (long long)(body_bytes - bytes_before), wakes - wakes_before, handle_count,
         (double)wall / 1e9, (double)cpu / 1e9, (double)cpu / 1e3 / (double)measured);
  return failed ? 1 : 0;
}
