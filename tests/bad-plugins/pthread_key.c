/* A thread-specific key with a destructor, never deleted: it runs when the thread ends, wherever its code is by then.
 */
#include <pthread.h>
#include <stdlib.h>

#include "table.h"

static pthread_key_t key;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void destroy(void* value) {
  free(value);
}
static void make_key(void) {
  pthread_key_create(&key, destroy);
}

static int32_t keyed_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  pthread_once(&made, make_key);
  if (!pthread_getspecific(key)) pthread_setspecific(key, malloc(16));
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("pthread-key", good_open, good_close, keyed_run)
