/* Ends its process when it is called, in the way that the text names. For a process of its own: inside the host it
   takes the host with it. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dormouse/service/log.h"
#include "table.h"

static const dm_log* the_log;
static const dm_host* the_host;

static int32_t crashing_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  the_host = host;
  the_log = (const dm_log*)host->service(host, DM_SERVICE_LOG);
  return good_open(host, call, args, component);
}

static volatile int endless = 1;

__attribute__((noinline)) static int overflow(int depth) {
  volatile char here[4096];
  here[depth % 4096] = 1;
  if (endless) here[0] = (char)overflow((depth + 1) % 4096);
  return here[depth % 4096];
}

static void bus_error(void) {
  char name[] = "/tmp/dormouse-crash-XXXXXX";
  const int fd = mkstemp(name);
  unlink(name);
  if (ftruncate(fd, 4096) != 0) return;
  volatile char* page = (volatile char*)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (ftruncate(fd, 0) == 0) (void)page[0];
}

static void say(const char* line) {
  the_log->write(the_host, DM_LOG_INFO, line, strlen(line));
}

static int32_t crashing_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  dm_string_view how = {0};
  dm_get_string(dm_map_get(in, "text"), &how);
  const char* text = how.data ? how.data : "";
#define IS(word) (how.size == strlen(word) && memcmp(text, word, how.size) == 0)
  say("about to crash: step 1");
  say("about to crash: step 2");
  volatile int zero = 0;
  if (IS("null")) *(volatile int*)NULL = 1;
  if (IS("nowhere")) ((void (*)(void))(uintptr_t)zero)();
  if (IS("overflow")) return overflow(0);
  if (IS("bus")) bus_error();
  if (IS("divide")) return 1000 / zero;
  if (IS("illegal")) __builtin_trap();
  if (IS("abort")) abort();
  if (IS("exit")) exit(3);
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("crashes", crashing_open, good_close, crashing_run)
