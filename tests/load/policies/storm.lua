-- Queues that hold all clients of the storm, also those that went away: then every call has one right answer, 200.
-- Idleness takes part too.
local dm = require "dormouse"

dm.pool("*", {
  max_pending = 4096,
  max_wait = "40s",
  drain_timeout = "5s",
  idle = { trim = "50ms", park = "150ms", unload = "300ms" },
})

-- So small that entries are evicted, and so short that they expire.
dm.cache("storm", { max_bytes = "64KiB", ttl = "200ms", negative_ttl = "100ms" })
