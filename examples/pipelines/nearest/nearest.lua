-- The places nearest to a point.
local dm = require "dormouse"

return dm.pipeline("nearest", {
  input = { point = "tensor<f32,[d]>", where = "map<any>?" },

  dm.stage("search", {
    component = "places",
    input = {
      collection = "cities",
      vector = dm.ref.request.point,
      k = 3,
      where = dm.ref.request.where:default(dm.null),
    },
  }),

  output = { hits = dm.ref.search.hits },
})
