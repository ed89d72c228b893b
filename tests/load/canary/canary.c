/* A canary: sees from inside whether the host keeps the contract of plugin.h, and appends what it sees to two files in
   its data folder: "breaches", one line each, and "opens", one byte each.

   Watches are static, by the setting `slot`, so that they outlive the component: a call that comes after close, while
   the code is still mapped (parked), is seen. A call that comes after the library is gone needs no canary. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dormouse/plugin.h"

#ifndef CANARY_ID /* the build makes three files of it, because files with the same content share one mapping */
#define CANARY_ID "canary-0"
#endif

enum { SLOTS = 8, PATH_BYTES = 512 };

typedef struct watch {
  atomic_int open;
  atomic_int instances;
  atomic_int running; /* calls inside, quick and work */
  int64_t spins;
  char folder[PATH_BYTES];
} watch;

typedef struct instance {
  watch* owner;
  atomic_int busy;
} instance;

static watch watches[SLOTS];

static void append(const watch* w, const char* name, const char* text) {
  char path[PATH_BYTES + 16];
  int fd;
  snprintf(path, sizeof path, "%s/%s", w->folder, name);
  fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* Nobody to tell if this fails; the test looks for "opens" as well, which is then missing. */
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) abort();
  close(fd);
}

static void breach(const watch* w, const char* text) {
  append(w, "breaches", text);
}

static int32_t canary_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  int64_t slot = 0;
  watch* w;
  (void)host;
  if (!dm_get_int(dm_map_get(args->settings, "slot"), &slot) || slot < 0 || slot >= SLOTS)
    return call->fail(call, DM_INVALID_ARGUMENT, "no slot");
  if (strlen(args->data_dir) == 0 || strlen(args->data_dir) >= PATH_BYTES)
    return call->fail(call, DM_FAILED_PRECONDITION, "no data folder");
  w = &watches[slot];
  if (atomic_exchange(&w->open, 1)) breach(w, "opened while open\n");
  if (atomic_load(&w->instances)) breach(w, "opened with instances\n");
  dm_get_int(dm_map_get(args->settings, "spins"), &w->spins);
  strcpy(w->folder, args->data_dir);
  append(w, "opens", ".");
  *component = w;
  return DM_OK;
}

static void canary_close(void* component) {
  watch* w = (watch*)component;
  if (atomic_load(&w->running)) breach(w, "closed during a call\n");
  if (atomic_load(&w->instances)) breach(w, "closed with instances\n");
  if (!atomic_exchange(&w->open, 0)) breach(w, "closed while closed\n");
}

static int32_t canary_create(void* component, const dm_call* call, void** out) {
  watch* w = (watch*)component;
  instance* made;
  if (!atomic_load(&w->open)) breach(w, "instance while closed\n");
  made = (instance*)calloc(1, sizeof *made);
  if (!made) return call->fail(call, DM_RESOURCE_EXHAUSTED, "no memory");
  made->owner = w;
  atomic_fetch_add(&w->instances, 1);
  *out = made;
  return DM_OK;
}

static void canary_destroy(void* gone) {
  instance* i = (instance*)gone;
  if (atomic_load(&i->busy)) breach(i->owner, "instance destroyed during a call\n");
  if (atomic_fetch_sub(&i->owner->instances, 1) <= 0) breach(i->owner, "instance destroyed twice\n");
  free(i);
}

static int32_t answer(dm_value in, dm_writer* out) {
  out->map_begin(out);
  out->key(out, "text", 4);
  out->copy(out, dm_map_get(in, "text"));
  return out->map_end(out);
}

static int32_t canary_quick(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  watch* w = (watch*)self;
  int32_t status;
  (void)call;
  atomic_fetch_add(&w->running, 1);
  if (!atomic_load(&w->open)) breach(w, "quick while closed\n");
  status = answer(in, out);
  atomic_fetch_sub(&w->running, 1);
  return status;
}

static int32_t canary_work(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  instance* i = (instance*)self;
  watch* w = i->owner;
  volatile int64_t spin;
  int32_t status = DM_OK;
  atomic_fetch_add(&w->running, 1);
  if (!atomic_load(&w->open)) breach(w, "work while closed\n");
  if (atomic_exchange(&i->busy, 1)) breach(w, "two calls on one instance\n");
  for (spin = 0; spin < w->spins; ++spin)
    if (spin % 1024 == 0 && call->cancelled(call)) {
      status = call->fail(call, DM_CANCELLED, "nobody waits");
      break;
    }
  if (status == DM_OK) status = answer(in, out);
  atomic_store(&i->busy, 0);
  atomic_fetch_sub(&w->running, 1);
  return status;
}

static const dm_method quick_method = {sizeof(dm_method), 0, "quick", canary_quick};
static const dm_method work_method = {sizeof(dm_method), 0, "work", canary_work};
static const dm_method* const canary_methods[] = {&quick_method, &work_method};
static const dm_type canary_type = {
    .size = sizeof(dm_type),
    .name = "canary",
    .open = canary_open,
    .close = canary_close,
    .create = canary_create,
    .destroy = canary_destroy,
    .methods = canary_methods,
    .method_count = 2,
};
static const dm_type* const canary_types[] = {&canary_type};

const dm_plugin dormouse_plugin = {
    .magic = DM_PLUGIN_MAGIC,
    .size = sizeof(dm_plugin),
    .abi_major = DM_ABI_MAJOR,
    .abi_minor = DM_ABI_MINOR,
    .type_count = 1,
    .id = CANARY_ID,
    .version = "1.0.0",
    .types = canary_types,
};
