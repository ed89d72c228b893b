-- The caches of the assistant's stages (docs/caching.md). People ask the same things: the second time, the result of
-- a stage comes from the cache, and the models can be unloaded meanwhile.
local dm = require "dormouse"

dm.cache("understood", { max_bytes = "16MiB", ttl = "1h" })
-- Ten minutes after documents were added to the index, or after `dormouse ctl caches purge passages`, all answers have
-- them. Requests that want no passages take less than min_cost, so their results are not kept.
dm.cache("passages", { max_bytes = "32MiB", ttl = "10m", admission = { min_cost = "100us" } })

dm.pool("cache.memory", { idle = { park = "1h", unload = "1h" } })  -- an unload loses the entries
