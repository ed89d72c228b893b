/* Service "dormouse.log/1": lines in the host's log, marked with the component. */
#ifndef DORMOUSE_SERVICE_LOG_H
#define DORMOUSE_SERVICE_LOG_H

#include "dormouse/plugin.h"

#define DM_SERVICE_LOG "dormouse.log/1"

enum { DM_LOG_DEBUG = 1, DM_LOG_INFO = 2, DM_LOG_WARNING = 3, DM_LOG_ERROR = 4 };

typedef struct dm_log {
  uint32_t size;
  uint32_t reserved;
  /* Thread: [any]. Owner: `utf8` is copied. Control characters are escaped, so one call is one line. */
  void (*write)(const dm_host* host, int level, const char* utf8, size_t size);
} dm_log;

#endif
