// Counts the lines of its data files into a model. A line "bad" is refused with its place; "nothing" writes no model.
#include <fstream>
#include <memory>
#include <string>

#include "dormouse/plugin.hpp"

namespace {

class Trainable {
 public:
  static std::unique_ptr<Trainable> open(dormouse::Open& open) {
    auto trainable = std::make_unique<Trainable>();
    if (open.training()) return trainable;
    std::ifstream model{std::string(open.model_path())};
    if (!(model >> trainable->count_)) throw dormouse::Failure(DM_DATA_LOSS, "the model is damaged");
    return trainable;
  }

  void count(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    out.map().field("count", count_ * in["factor"].as_int(1));
  }

  void train(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    int64_t lines = in["plus"].as_int(0);
    bool write = true;
    const uint32_t files = in["data"].size();
    for (uint32_t i = 0; i < files; ++i) {
      const std::string path(in["data"].at(i).as_string());
      std::ifstream data(path);
      int64_t number = 0;
      for (std::string line; std::getline(data, line); ++lines) {
        ++number;
        if (line == "bad")
          throw dormouse::Failure(DM_INVALID_ARGUMENT, path + ":" + std::to_string(number) + ": a bad line");
        if (line == "nothing") write = false;
      }
      call.progress(i + 1.0, files, "counting");
    }
    if (write) std::ofstream(std::string(in["output"].as_string())) << lines << "\n";
    out.map().field("lines", lines);
  }

 private:
  int64_t count_ = 0;
};

constexpr dormouse::Type<Trainable> type("trainable", dormouse::method<&Trainable::count>("count"),
                                         dormouse::method<&Trainable::train>("train"));
constexpr dormouse::Plugin plugin("trainable", "1.0.0", type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
