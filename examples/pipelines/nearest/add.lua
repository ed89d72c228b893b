-- Places by their coordinates on a map of the world, into a collection that is made on the first call.
local dm = require "dormouse"

return dm.pipeline("add_places", {
  input = { names = "list<string>", points = "tensor<f32,[n,3]>", facts = "list<map<any>?>?" },

  dm.stage("add", {
    component = "places",
    method = "add",
    input = {
      collection = "cities",
      ids = dm.ref.request.names,
      vectors = dm.ref.request.points,
      metadata = dm.ref.request.facts:default(dm.null),
    },
  }),

  output = { added = dm.ref.add.added, count = dm.ref.add.count },
})
