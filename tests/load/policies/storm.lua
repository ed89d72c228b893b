-- Queues that hold all clients of the storm, also those that went away: then every call has one right answer, 200.
-- Idleness takes part too.
local dm = require "dormouse"

dm.pool("*", {
  max_pending = 4096,
  max_wait = "40s",
  drain_timeout = "5s",
  idle = { trim = "50ms", park = "150ms", unload = "300ms" },
})
