-- For the demo: components go two seconds after their last use.
local dm = require "dormouse"

dm.pool("*", { idle = { unload = "2s" } })
