-- For the demo: components go two seconds after their last use.
local dm = require "dormouse"

dm.pool("*", { idle = { unload = "2s" } })
-- The cache stays, trimmed as it is after half a minute.
dm.pool("cache.memory", { idle = { trim = "1s", unload = "1h" } })
dm.cache("understood", {})
dm.cache("passages", { admission = { min_cost = "100us" } })
