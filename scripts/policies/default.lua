-- How long components stay in memory, and how many calls they take at once. This pool is for all components;
-- a dm.pool with a component's name overrides single keys of this one.
local dm = require "dormouse"

dm.pool("*", {
  min_idle = 0,             -- instances that a load creates, before the first call
  max_instances = 2,        -- calls at the same time
  max_pending = 64,         -- calls that wait for an instance or for the load; the next call gets 429
  max_wait = "1s",          -- longest wait for an instance
  -- max_batch = 32,        -- largest batch of a method with batches; above 1, its fast calls use the lane too
  max_delay = "0ms",        -- how long a call may wait for other calls of its batch
  idle = {
    trim = "30s",           -- drop caches, stay callable
    park = "1m",            -- close the component, keep its code mapped
    unload = "2m",          -- unmap the code too
  },
  min_residency = "10s",    -- a loaded component stays at least this long: no load-unload-load
  load_timeout = "30s",
  drain_timeout = "30s",    -- after a reload: time for running calls to end on the old incarnation
  reload = "beside",        -- or "close_first": the old one closes before the new one opens
})
