#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fraud/entries.hpp"
#include "fraud/rule.hpp"

namespace tollgate::fraud {

/// Which version of a file this is. With the time of its last change (ctime), so that one is seen that was given its old time
/// of modification.
struct FileVersion {
    dev_t device;
    ino_t inode;
    off_t size;
    std::int64_t modified_ns, changed_ns;

    friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

/// A list in a file that may be replaced at any time. Every way of that is seen: a rename over it, a symbolic link that turns
/// elsewhere (as Kubernetes does), a file that is written where it is. The last may be read half written, and then again:
/// better write another and rename that.
class ListFile {
public:
    static constexpr std::size_t bytes_max = 64UZ << 20;

    explicit ListFile(std::string path) : path_(std::move(path)) {}

    /// What is wrong with the list as it now is, as "cannot …", "is …" or "holds …"; nothing when it is good.
    [[nodiscard]] static std::optional<std::string> problem(const std::string& path);

    /// Reads the file unless it is as it was; one thread's. What cannot be read leaves the list that is in force. Each change
    /// is told once, for better or worse.
    [[nodiscard]] std::optional<Reread> look();

    /// What is in force; none until the file was read. Any thread's.
    [[nodiscard]] std::shared_ptr<const Entries> entries() const;

private:
    const std::string path_;
    std::optional<FileVersion> seen_;  // what was read last, whatever was in it
    std::string unread_;               // why it could not be read at all, as told last
    mutable std::mutex mutex_;         // held to copy or swap a pointer, never longer
    std::shared_ptr<const Entries> entries_;
};

}  // namespace tollgate::fraud
