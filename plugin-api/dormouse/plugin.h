/* The plugin ABI, version 1.0: everything a plugin and the host say to each other.
   Not a C++ interface: C11, no dependency, no exception may cross (plugin.hpp is the wrapper that sees to it).
   Included by plugins and by the host's `components`.

   A plugin is one shared object that exports one data symbol, `dormouse_plugin`, and carries a manifest in its
   ELF section `.dormouse.manifest`. CONTRACT.md tells what the loader does, in order. Three levels:

     plugin      the library: a constant table, nothing to construct
     component   open(settings): a named, configured use of a type; owns models; shared and immutable after open
     instance    create(component): scratch state of one call at a time

   Grammar of the contracts below, labels left out where they are obvious:
     Owner:   who owns what crosses, until when
     Thread:  [lane] a thread of the host that belongs to this component alone, joined before the library closes;
              [any] any thread of the host, concurrently with everything else
     State:   in which state of the component the call comes
     Errors:  statuses beyond DM_OK and DM_INTERNAL

   The ABI grows by adding: structs start with their size in bytes and are append-only, capabilities and services
   are asked for by string id with a revision ("dormouse.trim/1"), and null means "no". The host refuses a plugin of
   another major version, or of a newer minor one, before it calls anything. */
#ifndef DORMOUSE_PLUGIN_H
#define DORMOUSE_PLUGIN_H

#include "dormouse/value.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DM_ABI_MAJOR 1u
#define DM_ABI_MINOR 0u
#define DM_PLUGIN_MAGIC 0x45534D44u /* "DMSE" */

/* The one symbol a plugin exports, of type `const dm_plugin`. */
#define DM_PLUGIN_SYMBOL "dormouse_plugin"

/* What a function ended in. Sorted by what the caller does next; numbers follow gRPC's, so they read alike in logs. */
enum {
  DM_OK = 0,
  DM_CANCELLED = 1,           /* the host asked for it; not counted as an error */
  DM_INVALID_ARGUMENT = 3,    /* the caller must change the request; never retried */
  DM_DEADLINE_EXCEEDED = 4,   /* out of time */
  DM_NOT_FOUND = 5,           /* what the request names does not exist */
  DM_RESOURCE_EXHAUSTED = 8,  /* a limit or the disk is full; retry after something was freed */
  DM_FAILED_PRECONDITION = 9, /* not in a state for this; an operator must act first */
  DM_INTERNAL = 13,           /* the component's own mistake */
  DM_UNAVAILABLE = 14,        /* not now; the same request may work later */
  DM_DATA_LOSS = 15           /* a file or a stored value is damaged */
};

/* ---- what the host gives ---- */

typedef struct dm_host dm_host;
typedef struct dm_call dm_call;
typedef struct dm_writer dm_writer;

/* The host as one component sees it. Everything obtained through it is entered in that component's ledger, so
   "why can it not unload" is a list.
   Owner: the host; valid from open until close has returned. */
struct dm_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* self;
  /* The table of a service ("dormouse.log/1", see dormouse/service/), or null when this host has none of that id.
     Thread: [any]. */
  const void* (*service)(const dm_host* host, const char* id);
};

/* One call in flight: its limits, and where to report.
   Owner: the host; borrowed until the function it was passed to returns. Thread: only the one it was passed on. */
struct dm_call {
  uint32_t size;
  uint32_t reserved;
  void* self;
  uint64_t request_id; /* the same in logs, traces and `Dormouse-Request-Id`; 0 outside of requests */
  int64_t deadline_ns; /* on CLOCK_MONOTONIC; INT64_MAX: none */
  /* 1 once nobody waits for the result any more (client gone, deadline passed, load given up). Poll it in loops that
     take longer than about a millisecond and return DM_CANCELLED; about 2 ns. */
  int (*cancelled)(const dm_call* call);
  /* Records why the function is about to fail and returns `status`, so `return call->fail(call, ...)` reads well.
     `message` (UTF-8, NUL-terminated, copied, cut at 1,000 bytes) names the object, what was needed, what was found
     and what to do. */
  int32_t (*fail)(const dm_call* call, int32_t status, const char* message);
  /* Says how far long work is: `done` of `total` units (0: unknown), and what is being done. At most a few a second are
     shown; the rest cost about 50 ns. */
  void (*progress)(const dm_call* call, double done, double total, const char* what);
};

/* Where a result goes. Values are written depth first: a list is list_begin, its elements, list_end; a map is
   map_begin, then key and value alternating, map_end. Exactly one outermost value is written.
   The first mistake (two roots, a key outside a map, bytes that are no UTF-8, a limit) is remembered: every later
   call returns the same status and the host reports it, so a plugin may check only the last one.
   Owner: the host; borrowed until the function it was passed to returns; everything passed in is copied.
   Thread: only the one it was passed on.
   Errors: DM_INVALID_ARGUMENT (misuse), DM_RESOURCE_EXHAUSTED (larger or deeper than allowed). */
struct dm_writer {
  uint32_t size;
  uint32_t reserved;
  void* self;
  int32_t (*null)(dm_writer* out);
  int32_t (*boolean)(dm_writer* out, int value);
  int32_t (*integer)(dm_writer* out, int64_t value);
  int32_t (*number)(dm_writer* out, double value);
  int32_t (*string)(dm_writer* out, const char* utf8, size_t size);
  int32_t (*bytes)(dm_writer* out, const void* data, size_t size);
  /* Reserves a tensor and points `data` at its elements (64-byte aligned, zeroed) to be filled in place before the
     next call on this writer. */
  int32_t (*tensor)(dm_writer* out, int dtype, const int64_t* shape, uint16_t rank, void** data);
  int32_t (*list_begin)(dm_writer* out);
  int32_t (*list_end)(dm_writer* out);
  int32_t (*map_begin)(dm_writer* out);
  int32_t (*key)(dm_writer* out, const char* utf8, size_t size);
  int32_t (*map_end)(dm_writer* out);
  /* Copies a whole value, from this or another buffer. */
  int32_t (*copy)(dm_writer* out, dm_value value);
};

/* ---- what a plugin offers ---- */

/* One operation of a component type. Its input and output fields, and its thread rule, stand in the manifest. */
typedef struct dm_method {
  uint32_t size;
  uint32_t reserved;
  const char* name; /* as in the manifest */
  /* Answers one request: reads `in`, writes one value to `out`.
     Owner:  `in` and `call` are borrowed until return; a result is in `out` or nowhere.
     Thread: as the manifest declares. "instance": [lane], `self` is an instance, one call at a time on it.
             "any": [any], `self` is the component, concurrent calls.
     State:  ready or trimmed; offline methods run right after open, without ready.
     Errors: any; with one, what was written to `out` is dropped. */
  int32_t (*run)(void* self, const dm_call* call, dm_value in, dm_writer* out);
} dm_method;

/* Why a component is opened. */
enum {
  DM_OPEN_SERVE = 0, /* to answer requests: a type that needs a model must find it */
  DM_OPEN_TRAIN = 1  /* to run its offline methods once: no model is needed */
};

/* What a component is opened with.
   Owner: the host; borrowed until open returns. Strings are NUL-terminated UTF-8. */
typedef struct dm_open_args {
  uint32_t size;
  uint32_t purpose;       /* DM_OPEN_SERVE or DM_OPEN_TRAIN */
  const char* name;       /* the component's name in the config, "nlu.language" */
  dm_value settings;      /* a map: checked against the manifest, defaults filled in */
  const char* model_path; /* the trained model to serve; "" when there is none */
  const char* data_dir;   /* a folder of the component's own, 0700, for files that outlive it (needs.data) */
} dm_open_args;

/* One kind of component.
   The functions come in this order: open, (create, runs, destroy)*, close; then perhaps open again in the same mapping.
 */
typedef struct dm_type {
  uint32_t size;
  uint32_t reserved;
  const char* name; /* as in the manifest: "nlu.language" */
  /* Does the heavy work: reads models, builds tables. Nothing may be left behind by a failed open but what the
     ledger knows.
     Owner:  *component is the plugin's, until close.
     Thread: [lane]. Blocks only this component; polls call->cancelled, which is set when load_timeout has passed.
     State:  loading.
     Errors: not_found (a model, with how to make it), data_loss, resource_exhausted, unavailable (worth a retry). */
  int32_t (*open)(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component);
  /* Gives everything back: memory, files, threads of its own. Never fails.
     Thread: [lane]. State: closing, or loading after a cancelled open that had succeeded. No instance exists. */
  void (*close)(void* component);
  /* Makes scratch state for calls. Null, together with destroy, when every method's thread rule is "any".
     Thread: [lane]. State: loading, ready or trimmed. */
  int32_t (*create)(void* component, const dm_call* call, void** instance);
  /* Thread: [lane]. */
  void (*destroy)(void* instance);
  const dm_method* const* methods;
  uint32_t method_count;
  uint32_t reserved2;
  /* The table of an optional capability (dormouse/ext/), or null. The answer for one id never changes while the
     component is open. May itself be null.
     Owner: the table is the plugin's, valid until close is called. Thread: [any]. State: ready or trimmed. */
  const void* (*capability)(void* component, const char* id);
} dm_type;

/* What the exported symbol is. Constant data: nothing of it is computed by constructors. */
typedef struct dm_plugin {
  uint32_t magic; /* DM_PLUGIN_MAGIC */
  uint32_t size;
  uint16_t abi_major; /* DM_ABI_MAJOR at its compilation */
  uint16_t abi_minor;
  uint32_t type_count;
  const char* id;      /* as in the manifest: "nlu-language" */
  const char* version; /* as in the manifest: "1.2.0" */
  const dm_type* const* types;
} dm_plugin;

#if defined(__GNUC__)
#define DM_EXPORT __attribute__((visibility("default")))
#else
#define DM_EXPORT
#endif

/* Every plugin defines exactly this. */
extern DM_EXPORT const dm_plugin dormouse_plugin;

#ifdef __cplusplus
}
#endif

#endif /* DORMOUSE_PLUGIN_H */
