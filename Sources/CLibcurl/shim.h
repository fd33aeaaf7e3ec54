/* libcurl's variadic calls, one typed wrapper per C type of argument, because Swift does not import
   variadic functions. A wrong pairing of option and type is a programming error, not an input. */
#ifndef CLIBCURL_SHIM_H
#define CLIBCURL_SHIM_H

#include <curl/curl.h>
#include <errno.h>
#include <sys/socket.h>

static inline CURLcode lh_setopt_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode lh_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode lh_setopt_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode lh_setopt_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode lh_setopt_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(easy, option, value);
}
/* Macros with casts, which Swift does not import. */
static const long lh_auth_basic = CURLAUTH_BASIC;
static const long lh_auth_digest = CURLAUTH_DIGEST;

/* Copies the bytes. */
static inline CURLcode lh_setopt_blob(CURL *easy, CURLoption option, const void *bytes,
                                      size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

typedef size_t (*lh_data_callback)(char *, size_t, size_t, void *);
static inline CURLcode lh_setopt_data(CURL *easy, CURLoption option, lh_data_callback value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode lh_getinfo_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode lh_getinfo_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode lh_getinfo_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode lh_getinfo_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
  return curl_easy_getinfo(easy, info, value);
}
typedef int (*lh_debug_callback)(CURL *, curl_infotype, char *, size_t, void *);
static inline CURLcode lh_setopt_debug(CURL *easy, lh_debug_callback value) {
  return curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, value);
}

typedef int (*lh_socket_callback)(CURL *, curl_socket_t, int, void *, void *);
typedef int (*lh_timer_callback)(CURLM *, long, void *);
static inline CURLMcode lh_multi_setopt_socket(CURLM *multi, lh_socket_callback callback,
                                               void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode lh_multi_setopt_timer(CURLM *multi, lh_timer_callback callback,
                                              void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline CURLMcode lh_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

/* Opens a connection's socket, only to note in `context`, an int, why none can be had: libcurl does not
   tell. */
static inline curl_socket_t lh_open_socket(void *context, curlsocktype purpose,
                                           struct curl_sockaddr *address) {
  (void)purpose;
  int socket_type = address->socktype | SOCK_CLOEXEC;
  curl_socket_t opened = socket(address->family, socket_type, address->protocol);
  if (opened < 0) *(int *)context = errno;
  return opened < 0 ? CURL_SOCKET_BAD : opened;
}
static inline CURLcode lh_setopt_open_socket(CURL *easy, int *error) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, lh_open_socket);
  return code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, error);
}

/* The result that a finished message carries (a union in C). */
static inline CURLcode lh_message_result(const CURLMsg *message) { return message->data.result; }

#endif
