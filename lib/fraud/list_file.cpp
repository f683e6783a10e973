#include "fraud/list_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tollgate::fraud {
namespace {

using Why = std::string;

std::unexpected<Why> unreadable() {
    return std::unexpected("cannot be read: " + std::string(std::strerror(errno)));
}

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileVersion version_of(const struct stat& status) {
    return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

class Descriptor {
public:
    /// A pipe must not hold up whoever opens it.
    explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

/// A version and what it holds: its text, or why that is none. An error when not even that can be told.
struct Content {
    FileVersion version;
    std::expected<std::shared_ptr<const Entries>, Why> entries;
};

std::expected<std::string, Why> text_of(int fd, std::size_t expected) {
    std::string text(expected + 1, '\0');  // a byte more, to see that it has grown
    std::size_t length = 0;
    while (length < text.size()) {
        const ssize_t count = ::read(fd, text.data() + length, text.size() - length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return unreadable();
        if (count == 0) break;
        length += static_cast<std::size_t>(count);
    }
    text.resize(length);
    if (length != expected) return std::unexpected(Why("changes while it is read"));
    return text;
}

std::expected<Content, Why> read(const std::string& path) {
    const Descriptor file(path);
    struct stat status{};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return unreadable();
    if (S_ISDIR(status.st_mode)) return std::unexpected(Why("is a folder, not a file"));
    if (!S_ISREG(status.st_mode)) return std::unexpected(Why("is no regular file"));
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > ListFile::bytes_max) return Content{version_of(status), std::unexpected(Why("is longer than 64 MiB"))};
    auto text = text_of(file.get(), size);
    if (!text) return std::unexpected(std::move(text.error()));
    return Content{version_of(status), Entries::parse(std::move(*text))};
}

}  // namespace

std::optional<std::string> ListFile::problem(const std::string& path) {
    const auto content = read(path);
    if (!content) return content.error();
    return content->entries ? std::nullopt : std::optional(content->entries.error());
}

std::optional<Reread> ListFile::look() {
    struct stat status{};
    if (::stat(path_.c_str(), &status) == 0 && seen_ == version_of(status)) return std::nullopt;
    auto content = read(path_);
    if (!content) {
        seen_.reset();
        if (std::exchange(unread_, content.error()) == content.error()) return std::nullopt;
        return Reread{.file = path_, .why = std::move(content.error())};
    }
    seen_ = content->version;
    unread_.clear();
    if (!content->entries) return Reread{.file = path_, .why = std::move(content->entries.error())};
    const std::size_t count = (*content->entries)->size();
    const std::lock_guard lock(mutex_);
    entries_.swap(*content->entries);  // the old list ends after the lock
    return Reread{.file = path_, .entries = count};
}

std::shared_ptr<const Entries> ListFile::entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
}

}  // namespace tollgate::fraud
