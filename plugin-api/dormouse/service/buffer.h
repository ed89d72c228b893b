/* Service "dormouse.buffer/1": large memory that the host accounts to the component.
   Taken straight from the kernel (mmap), so it comes back at once and whole when it is freed. */
#ifndef DORMOUSE_SERVICE_BUFFER_H
#define DORMOUSE_SERVICE_BUFFER_H

#include "dormouse/plugin.h"

#define DM_SERVICE_BUFFER "dormouse.buffer/1"

typedef struct dm_buffer {
  uint32_t size;
  uint32_t reserved;
  /* `bytes` of zeroed memory on a page boundary, or null when there is none. Thread: [any]. */
  void* (*allocate)(const dm_host* host, size_t bytes);
  /* Frees what allocate returned; null does nothing. Thread: [any]. */
  void (*release)(const dm_host* host, void* memory);
} dm_buffer;

#endif
