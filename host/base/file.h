// Small files and folders of the host's own: config, token, flags, state. Whole-file reads and writes, never a stream.
// Not for plugin files: those are opened and checked by artifacts/plugin_file.h.
// Any thread; every function blocks on the disk, so never from a reactor.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dormouse {

// What a failed system call on a file means to a person: `action` is a verb phrase ("open it"), `path` becomes the
// object. not_found (no such file), failed_precondition (no permission, read-only, not a folder ...),
// resource_exhausted (disk or quota full, out of descriptors), otherwise unavailable; all with the remedy where there
// is one.
Status file_error(std::string_view action, const std::string& path, int errno_value);

// The bytes of a regular file (or of one in /proc). Symbolic links are followed.
// Errors: file_error's, and invalid_argument when it is no regular file or has more than `bytes_max` bytes.
Result<std::string> read_file(const std::string& path, size_t bytes_max);

// Replaces `path` by a file with exactly this content and mode (0600 for secrets), or leaves it as it was: written
// beside it, synced, renamed. A reader sees the old content or the new, also after a power cut.
// Errors: file_error's.
Status write_file_atomically(const std::string& path, std::string_view content, mode_t mode);

// Makes `path` (and missing parents) with mode 0700; an existing one must already be ours and closed to others. It is
// never repaired: a chmod on a mistyped path such as /tmp would do harm.
// Errors: file_error's, and failed_precondition with needed and found owner or mode.
Status ensure_private_folder(const std::string& path);
// Whether ensure_private_folder would succeed; makes nothing. The same errors.
Status check_private_folder(const std::string& path);

}  // namespace dormouse
