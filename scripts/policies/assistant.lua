-- What the cached stages of the assistant share (docs/caching.md). People ask the same things: a question that was
-- understood before is answered without its models, and they may go meanwhile.
local dm = require "dormouse"

dm.cache("understood", { max_bytes = "16MiB", ttl = "1h" })
-- Passages follow what was added to the index after ten minutes, or after `dormouse ctl purge passages`. Requests that
-- want none take no time, and are not kept.
dm.cache("passages", { max_bytes = "32MiB", ttl = "10m", admission = { min_cost = "100us" } })

dm.pool("cache.memory", { idle = { park = "1h", unload = "1h" } })  -- what it holds goes with it
