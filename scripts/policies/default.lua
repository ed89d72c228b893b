-- How long components stay in memory, and how many calls they take at once. One dm.pool for everybody;
-- a dm.pool with a component's name overrides single keys of it.
local dm = require "dormouse"

dm.pool("*", {
  min_idle = 0,             -- instances made with the load, before the first call
  max_instances = 2,        -- calls at the same time
  max_pending = 64,         -- calls that wait for an instance or for the load; beyond it the answer is 429
  max_wait = "1s",          -- longest wait for an instance
  -- max_batch = 32,        -- calls answered together where a method can; above 1 also calls that could run at once
  max_delay = "0ms",        -- how long a call may wait for others to be answered with
  idle = {
    trim = "30s",           -- drop caches, stay callable
    park = "1m",            -- close the model, keep the code
    unload = "2m",          -- give everything back
  },
  min_residency = "10s",    -- not before this long after loading: no load-unload-load
  load_timeout = "30s",
  drain_timeout = "30s",    -- after a reload: how long calls may end on the old incarnation
  reload = "beside",        -- or "close_first": the old one closes before the new one opens
})
