#include "artifacts/static_table.h"

#include <cstddef>
#include <deque>
#include <vector>

#include "artifacts/handshake.h"
#include "dormouse/plugin.h"

namespace dormouse {
namespace {

constexpr size_t kNameBytesMax = 256;
constexpr uint32_t kEntriesMax = 4096;  // of one list; more are no table

int32_t never_called_open(const dm_host*, const dm_call*, const dm_open_args*, void**) {
  return DM_INTERNAL;
}
void never_called_end(void*) {}
int32_t never_called_create(void*, const dm_call*, void**) {
  return DM_INTERNAL;
}
int32_t never_called_run(void*, const dm_call*, dm_value, dm_writer*) {
  return DM_INTERNAL;
}

// The table as the host would see it after a load, in memory of its own. Functions are there or null; none can be
// called.
class TableCopy {
 public:
  explicit TableCopy(const LoadImage& image) : image_(image) {}

  // A pointer that no code changes any more leads out of the object, or is no function where there has to be one.
  bool is_astray() const { return astray_; }

  // Null: code may still change it, or it does not lie in the object.
  const dm_plugin* plugin(uint64_t at) {
    if (!copy(at, plugin_)) return nullptr;
    plugin_.id = text(at + offsetof(dm_plugin, id));
    plugin_.version = text(at + offsetof(dm_plugin, version));
    plugin_.types =
        list(at + offsetof(dm_plugin, types), plugin_.type_count, types_, [this](uint64_t each) { return type(each); });
    return constant_ ? &plugin_ : nullptr;
  }

 private:
  template <class T>
  bool copy(uint64_t at, T& to) {
    if (!lies_in(at, sizeof(T))) return false;
    astray_ = astray_ || at % alignof(T) != 0;
    return image_.bytes(at, &to, sizeof(T));
  }

  // Whether these bytes are in the object and stay as they are. The pointer to them does, or this is not asked.
  bool lies_in(uint64_t at, uint64_t size) {
    if (!constant_) return false;
    if (at != LoadImage::kElsewhere && !image_.contains(at, size)) astray_ = true;
    constant_ = image_.is_constant(at, size);
    return constant_;
  }

  const char* text(uint64_t field) {
    const uint64_t at = image_.pointer(field);
    if (at == 0) return nullptr;
    lies_in(at, 1);
    return texts_.emplace_back(image_.text(at, kNameBytesMax)).c_str();
  }

  template <class T, class Read>
  const T* const* list(uint64_t field, uint32_t count, std::deque<std::vector<const T*>>& lists, Read read) {
    const uint64_t at = image_.pointer(field);
    if (at == 0 || count > kEntriesMax) return nullptr;  // so many differ from the manifest
    if (at != LoadImage::kElsewhere && at % 8 != 0) astray_ = astray_ || constant_;
    lies_in(at, uint64_t{count} * 8);
    std::vector<const T*>& entries = lists.emplace_back();
    for (uint32_t i = 0; i < count && constant_; ++i) {
      const uint64_t entry = image_.pointer(at + uint64_t{i} * 8);
      entries.push_back(entry == 0 ? nullptr : read(entry));
    }
    entries.push_back(nullptr);
    return entries.data();
  }

  template <class F>
  F function(uint64_t field, F stand_in) {
    const uint64_t at = image_.pointer(field);
    if (at != 0 && at != LoadImage::kElsewhere && !image_.is_code(at)) astray_ = astray_ || constant_;
    return at == 0 ? nullptr : stand_in;
  }

  const dm_type* type(uint64_t at) {
    dm_type& to = type_copies_.emplace_back();
    if (!copy(at, to)) return nullptr;
    to.name = text(at + offsetof(dm_type, name));
    to.open = function(at + offsetof(dm_type, open), &never_called_open);
    to.close = function(at + offsetof(dm_type, close), &never_called_end);
    to.create = function(at + offsetof(dm_type, create), &never_called_create);
    to.destroy = function(at + offsetof(dm_type, destroy), &never_called_end);
    to.methods = list(at + offsetof(dm_type, methods), to.method_count, methods_,
                      [this](uint64_t each) { return method(each); });
    to.capability = nullptr;
    return &to;
  }

  const dm_method* method(uint64_t at) {
    dm_method& to = method_copies_.emplace_back();
    if (!copy(at, to)) return nullptr;
    to.name = text(at + offsetof(dm_method, name));
    to.run = function(at + offsetof(dm_method, run), &never_called_run);
    return &to;
  }

  const LoadImage& image_;
  bool constant_ = true;
  bool astray_ = false;
  dm_plugin plugin_{};
  std::deque<std::string> texts_;
  std::deque<dm_type> type_copies_;
  std::deque<dm_method> method_copies_;
  std::deque<std::vector<const dm_type*>> types_;
  std::deque<std::vector<const dm_method*>> methods_;
};

}  // namespace

Status check_static_table(const LoadImage& image, uint64_t at, const Manifest& manifest, const std::string& object) {
  TableCopy copy(image);
  const dm_plugin* table = copy.plugin(at);
  if (copy.is_astray())
    return Status(Error{.code = Code::broken_contract,
                        .message = "its table is damaged",
                        .object = object,
                        .needed = "pointers into the plugin",
                        .found = "others",
                        .remedy = "copy the file anew, or rebuild the plugin"});
  return table ? handshake(table, manifest, object) : Status();
}

}  // namespace dormouse
