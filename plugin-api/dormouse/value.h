/* The value format: what crosses every boundary of the host, and inline readers for it.
   Not a general serialiser: values are written once through dm_writer (plugin.h) and then only read.
   Callable from any thread; nothing here allocates, locks or calls out.

   A value lives in one contiguous, position-independent, little-endian buffer. The same bytes go to a
   plugin, through shared memory and into a cache, so they hold offsets and never pointers:

     offset 0   dm_value_header, 32 bytes; its `root` is the outermost node
     after it   payloads, each 8-byte aligned (tensor data: 64-byte aligned), at offsets named by nodes

   The buffer itself starts on a 64-byte boundary, so tensor data can be read with aligned vectors.
   A dm_value is a borrowed view of one node inside such a buffer. It owns nothing and stays valid
   exactly as long as the buffer does. */
#ifndef DORMOUSE_VALUE_H
#define DORMOUSE_VALUE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Dormouse values are little-endian and read in place: this machine cannot do that"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DM_VALUE_MAGIC 0x31564D44u /* "DMV1" */
#define DM_VALUE_ALIGNMENT 64u     /* of the buffer and of tensor data inside it, in bytes */
#define DM_VALUE_DEPTH_MAX 64u     /* nesting of lists and maps; JSON documents in the wild stay below 20 */
#define DM_TENSOR_RANK_MAX 8u

/* Node kinds. Numbers are part of the format: never reused, never reordered. */
enum {
  DM_NULL = 0,
  DM_BOOL = 1,   /* payload: 0 or 1 */
  DM_INT = 2,    /* payload: int64 in two's complement */
  DM_FLOAT = 3,  /* payload: IEEE 754 binary64 bits; never NaN or infinite at the HTTP edge */
  DM_STRING = 4, /* payload: offset of `count` bytes of UTF-8, followed by one NUL not counted */
  DM_BYTES = 5,  /* payload: offset of `count` bytes */
  DM_TENSOR = 6, /* payload: offset of int64 shape[rank]; data follows at the next multiple of 64; count: 0 */
  DM_LIST = 7,   /* payload: offset of dm_node[count] */
  DM_MAP = 8     /* payload: offset of dm_map_entry[count], in insertion order */
};

/* Element types of a tensor. */
enum { DM_F32 = 1, DM_F16 = 2, DM_I8 = 3, DM_I64 = 4 };

typedef struct dm_node {
  uint8_t kind;
  uint8_t dtype; /* tensors: DM_F32 ...; otherwise 0 */
  uint16_t rank; /* tensors: 1..DM_TENSOR_RANK_MAX; otherwise 0 */
  uint32_t count;
  uint64_t payload;
} dm_node;

typedef struct dm_map_entry {
  dm_node key; /* always DM_STRING */
  dm_node value;
} dm_map_entry;

typedef struct dm_value_header {
  uint32_t magic;
  uint32_t reserved; /* 0 */
  uint64_t size;     /* whole buffer in bytes, this header included */
  dm_node root;
} dm_value_header;

/* The layout is the format: a compiler that would pad differently must not compile this. */
static_assert(sizeof(dm_node) == 16 && offsetof(dm_node, payload) == 8, "dm_node is 16 bytes");
static_assert(sizeof(dm_map_entry) == 32 && sizeof(dm_value_header) == 32, "map entries and the header are 32 bytes");

typedef struct dm_value {
  const unsigned char* base; /* the buffer; null for "no value" */
  const dm_node* node;       /* a node inside it */
} dm_value;

typedef struct dm_string_view {
  const char* data; /* NUL follows the last byte */
  size_t size;      /* bytes */
} dm_string_view;

typedef struct dm_bytes_view {
  const unsigned char* data;
  size_t size;
} dm_bytes_view;

typedef struct dm_tensor_view {
  const void* data;
  const int64_t* shape;
  uint16_t rank;
  uint8_t dtype;
  uint64_t elements; /* product of shape */
} dm_tensor_view;

/* ---- readers. Each checks the kind and says with its return value whether it matched. ---- */

static inline dm_value dm_value_none(void) {
  dm_value v = {NULL, NULL};
  return v;
}

/* The outermost value of a validated buffer. */
static inline dm_value dm_value_root(const void* buffer) {
  dm_value v;
  v.base = (const unsigned char*)buffer;
  v.node = &((const dm_value_header*)buffer)->root;
  return v;
}

/* DM_NULL for "no value" as well, so an absent field reads like a null one. */
static inline int dm_kind(dm_value v) {
  return v.node ? (int)v.node->kind : (int)DM_NULL;
}

static inline int dm_get_bool(dm_value v, int* out) {
  if (dm_kind(v) != DM_BOOL) return 0;
  *out = v.node->payload != 0;
  return 1;
}

static inline int dm_get_int(dm_value v, int64_t* out) {
  if (dm_kind(v) != DM_INT) return 0;
  memcpy(out, &v.node->payload, sizeof *out);
  return 1;
}

/* Accepts DM_INT as well: JSON does not tell 1 from 1.0. */
static inline int dm_get_float(dm_value v, double* out) {
  int64_t i;
  if (dm_kind(v) == DM_FLOAT) {
    memcpy(out, &v.node->payload, sizeof *out);
    return 1;
  }
  if (!dm_get_int(v, &i)) return 0;
  *out = (double)i;
  return 1;
}

static inline int dm_get_string(dm_value v, dm_string_view* out) {
  if (dm_kind(v) != DM_STRING) return 0;
  out->data = (const char*)(v.base + v.node->payload);
  out->size = v.node->count;
  return 1;
}

static inline int dm_get_bytes(dm_value v, dm_bytes_view* out) {
  if (dm_kind(v) != DM_BYTES) return 0;
  out->data = v.base + v.node->payload;
  out->size = v.node->count;
  return 1;
}

static inline size_t dm_dtype_size(int dtype) {
  switch (dtype) {
    case DM_F32:
      return 4;
    case DM_F16:
      return 2;
    case DM_I8:
      return 1;
    case DM_I64:
      return 8;
    default:
      return 0;
  }
}

static inline uint64_t dm_align_up(uint64_t offset, uint64_t alignment) {
  return (offset + alignment - 1u) & ~(alignment - 1u);
}

static inline int dm_get_tensor(dm_value v, dm_tensor_view* out) {
  uint64_t data;
  uint16_t i;
  if (dm_kind(v) != DM_TENSOR) return 0;
  data = dm_align_up(v.node->payload + 8u * (uint64_t)v.node->rank, DM_VALUE_ALIGNMENT);
  out->shape = (const int64_t*)(const void*)(v.base + v.node->payload);
  out->data = v.base + data;
  out->rank = v.node->rank;
  out->dtype = v.node->dtype;
  out->elements = 1;
  for (i = 0; i < v.node->rank; ++i) out->elements *= (uint64_t)out->shape[i];
  return 1;
}

/* Elements of a list or entries of a map; 0 for every other kind. */
static inline uint32_t dm_count(dm_value v) {
  int kind = dm_kind(v);
  return kind == DM_LIST || kind == DM_MAP ? v.node->count : 0u;
}

/* Element `i` of a list, "no value" beyond its end. */
static inline dm_value dm_list_at(dm_value list, uint32_t i) {
  dm_value v;
  if (dm_kind(list) != DM_LIST || i >= list.node->count) return dm_value_none();
  v.base = list.base;
  v.node = (const dm_node*)(const void*)(list.base + list.node->payload) + i;
  return v;
}

/* Entry `i` of a map: its key and its value. 0 beyond its end. */
static inline int dm_map_at(dm_value map, uint32_t i, dm_string_view* key, dm_value* value) {
  const dm_map_entry* entry;
  if (dm_kind(map) != DM_MAP || i >= map.node->count) return 0;
  entry = (const dm_map_entry*)(const void*)(map.base + map.node->payload) + i;
  key->data = (const char*)(map.base + entry->key.payload);
  key->size = entry->key.count;
  value->base = map.base;
  value->node = &entry->value;
  return 1;
}

/* The value under `key` (`size` bytes); "no value" when there is none or `map` is no map. Linear: maps are
   records with a handful of fields. */
static inline dm_value dm_map_find(dm_value map, const char* key, size_t size) {
  uint32_t i, n = dm_kind(map) == DM_MAP ? map.node->count : 0u;
  dm_string_view k;
  dm_value v;
  for (i = 0; i < n; ++i)
    if (dm_map_at(map, i, &k, &v) && k.size == size && memcmp(k.data, key, size) == 0) return v;
  return dm_value_none();
}

static inline dm_value dm_map_get(dm_value map, const char* key) {
  return dm_map_find(map, key, strlen(key));
}

/* ---- validation of a foreign buffer ---- */

/* 1 when `size` bytes at `text` are UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
static inline int dm_utf8_valid(const unsigned char* text, size_t size) {
  size_t i = 0;
  while (i < size) {
    unsigned char c = text[i];
    uint64_t word;
    uint32_t half;
    if (c < 0x80) { /* eight ASCII bytes at a time */
      while (i + 8 <= size && (memcpy(&word, text + i, 8), (word & 0x8080808080808080ull) == 0)) i += 8;
      if (i + 4 <= size && (memcpy(&half, text + i, 4), (half & 0x80808080u) == 0)) i += 4;
      while (i < size && text[i] < 0x80) ++i;
      continue;
    }
    if (c >= 0xC2 && c <= 0xDF) {
      if (size - i < 2 || (text[i + 1] & 0xC0) != 0x80) return 0;
      i += 2;
    } else if ((c & 0xF0) == 0xE0) {
      if (size - i < 3 || (text[i + 1] & 0xC0) != 0x80 || (text[i + 2] & 0xC0) != 0x80) return 0;
      if (c == 0xE0 && text[i + 1] < 0xA0) return 0;
      if (c == 0xED && text[i + 1] > 0x9F) return 0;
      i += 3;
    } else if (c >= 0xF0 && c <= 0xF4) {
      if (size - i < 4 || (text[i + 1] & 0xC0) != 0x80 || (text[i + 2] & 0xC0) != 0x80 || (text[i + 3] & 0xC0) != 0x80)
        return 0;
      if (c == 0xF0 && text[i + 1] < 0x90) return 0;
      if (c == 0xF4 && text[i + 1] > 0x8F) return 0;
      i += 4;
    } else {
      return 0;
    }
  }
  return 1;
}

/* Internal to dm_value_validate: state of one walk. */
typedef struct dm_validation {
  const unsigned char* base;
  uint64_t size;
  uint64_t bytes_left; /* no byte belongs to two nodes, so a walk that needs more than `size` found sharing;
                          without this bound a small buffer could ask for exponential time here, and could
                          grow a thousandfold when somebody copies what it describes */
} dm_validation;

/* Internal: [offset, offset + length) lies inside the buffer behind its header and is aligned. */
static inline int dm_span_ok(const dm_validation* w, uint64_t offset, uint64_t length, uint64_t alignment) {
  return offset >= sizeof(dm_value_header) && offset % alignment == 0 && offset <= w->size &&
         length <= w->size - offset;
}

/* Internal: takes `bytes` off the budget of the walk. */
static inline int dm_spend(dm_validation* w, uint64_t bytes) {
  if (bytes > w->bytes_left) return 0;
  w->bytes_left -= bytes;
  return 1;
}

/* Internal: one node and everything below it. Returns NULL or what is wrong. */
static inline const char* dm_node_problem(dm_validation* w, const dm_node* n, unsigned depth) {
  uint32_t i;
  if (!dm_spend(w, sizeof *n)) return "nodes that share their bytes";
  if (n->kind != DM_TENSOR && (n->dtype != 0 || n->rank != 0)) return "dtype or rank on a node that is no tensor";
  switch (n->kind) {
    case DM_NULL:
      return n->count == 0 && n->payload == 0 ? NULL : "null with a payload";
    case DM_BOOL:
      return n->count == 0 && n->payload <= 1 ? NULL : "bool that is neither 0 nor 1";
    case DM_INT:
    case DM_FLOAT:
      return n->count == 0 ? NULL : "number with a count";
    case DM_STRING:
      if (!dm_span_ok(w, n->payload, (uint64_t)n->count + 1u, 1)) return "string outside the buffer";
      if (!dm_spend(w, n->count)) return "nodes that share their bytes";
      if (w->base[n->payload + n->count] != 0) return "string without its NUL";
      return dm_utf8_valid(w->base + n->payload, n->count) ? NULL : "string that is not UTF-8";
    case DM_BYTES:
      if (!dm_span_ok(w, n->payload, n->count, 1)) return "bytes outside the buffer";
      return dm_spend(w, n->count) ? NULL : "nodes that share their bytes";
    case DM_TENSOR: {
      uint64_t bytes = dm_dtype_size(n->dtype), data;
      const int64_t* shape;
      if (bytes == 0) return "tensor of an unknown dtype";
      if (n->count != 0 || n->rank == 0 || n->rank > DM_TENSOR_RANK_MAX) return "tensor of an impossible rank";
      if (!dm_span_ok(w, n->payload, 8u * (uint64_t)n->rank, 8)) return "tensor shape outside the buffer";
      shape = (const int64_t*)(const void*)(w->base + n->payload);
      for (i = 0; i < n->rank; ++i) {
        if (shape[i] < 0) return "tensor with a negative dimension";
        if (shape[i] == 0) bytes = 0; /* no elements, however large the other dimensions are */
      }
      for (i = 0; i < n->rank && bytes != 0; ++i) {
        if (bytes > w->size / (uint64_t)shape[i]) return "tensor larger than the buffer";
        bytes *= (uint64_t)shape[i];
      }
      data = dm_align_up(n->payload + 8u * (uint64_t)n->rank, DM_VALUE_ALIGNMENT);
      if (data > w->size || bytes > w->size - data) return "tensor data outside the buffer";
      return dm_spend(w, bytes) ? NULL : "nodes that share their bytes";
    }
    case DM_LIST: {
      const dm_node* items;
      if (depth >= DM_VALUE_DEPTH_MAX) return "nested too deep";
      if (!dm_span_ok(w, n->payload, sizeof(dm_node) * (uint64_t)n->count, 8)) return "list outside the buffer";
      items = (const dm_node*)(const void*)(w->base + n->payload);
      for (i = 0; i < n->count; ++i) {
        const char* problem = dm_node_problem(w, &items[i], depth + 1);
        if (problem) return problem;
      }
      return NULL;
    }
    case DM_MAP: {
      const dm_map_entry* entries;
      if (depth >= DM_VALUE_DEPTH_MAX) return "nested too deep";
      if (!dm_span_ok(w, n->payload, sizeof(dm_map_entry) * (uint64_t)n->count, 8)) return "map outside the buffer";
      entries = (const dm_map_entry*)(const void*)(w->base + n->payload);
      for (i = 0; i < n->count; ++i) {
        const char* problem;
        if (entries[i].key.kind != DM_STRING) return "map key that is no string";
        problem = dm_node_problem(w, &entries[i].key, depth + 1);
        if (!problem) problem = dm_node_problem(w, &entries[i].value, depth + 1);
        if (problem) return problem;
      }
      return NULL;
    }
    default:
      return "node of an unknown kind";
  }
}

/* Checks `size` bytes that somebody else wrote: NULL when every reader above is safe on them, else a short
   description of the first fault. The buffer must not change during and after the check, so a buffer in
   shared memory is copied first. Time is linear in `size`, recursion at most DM_VALUE_DEPTH_MAX deep. */
static inline const char* dm_value_problem(const void* buffer, size_t size) {
  const dm_value_header* header = (const dm_value_header*)buffer;
  dm_validation w;
  if (size < sizeof *header) return "shorter than its header";
  if ((uintptr_t)buffer % DM_VALUE_ALIGNMENT != 0) return "buffer not on a 64-byte boundary";
  if (header->magic != DM_VALUE_MAGIC || header->reserved != 0) return "not a Dormouse value";
  if (header->size != size) return "size in the header differs from the buffer's";
  w.base = (const unsigned char*)buffer;
  w.size = size;
  w.bytes_left = size;
  return dm_node_problem(&w, &header->root, 0);
}

#ifdef __cplusplus
}
#endif

#endif /* DORMOUSE_VALUE_H */
