#include "service/output.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

namespace tollgate {
namespace {

constexpr std::size_t buffer_max = 1 << 16;

/// What fits into a line of the terminal without a break, behind which a line could not be taken back.
std::size_t columns() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - std::size_t{1} : 79;
}

}  // namespace

Output::Output(std::string file) : file_(std::move(file)), fd_(STDOUT_FILENO) {
    if (!file_.empty()) open();
}

Output::~Output() {
    if (!file_.empty() && fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void Output::open() {
    struct stat status{};
    if (::stat(file_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        failed_ = EISDIR;  // else told only when it is to take the folder's place
        fd_ = -1;
        return;
    }
    if (::stat(file_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {  // a pipe, a terminal: nothing to be renamed over
        fd_ = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd_ < 0) failed_ = errno;
        return;
    }
    temporary_ = file_ + ".XXXXXX";
    fd_ = ::mkostemp(temporary_.data(), O_CLOEXEC);  // readable by its owner only
    if (fd_ >= 0) return;
    failed_ = errno;
    temporary_.clear();
}

Result<void> Output::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_max) flush();
    return state();
}

Result<void> Output::finish() {
    flush();
    if (failed_ == 0 && !file_.empty()) {
        const bool kept = temporary_.empty() || (::fsync(fd_) == 0 && ::rename(temporary_.c_str(), file_.c_str()) == 0);
        if (kept) {
            temporary_.clear();
        } else {
            failed_ = errno;
        }
    }
    return state();
}

Result<void> Output::state() const {
    if (failed_ == 0) return {};
    return fail(Code::internal, (file_.empty() ? "standard output" : file_) + " cannot be written: " + std::strerror(failed_));
}

void Output::flush() {
    std::string_view rest = buffer_;
    while (failed_ == 0 && !rest.empty()) {
        const ssize_t written = ::write(fd_, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            failed_ = errno;
        }
    }
    buffer_.clear();
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(std::string_view text) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    shown_ = true;
    std::cerr << "\r" << text.substr(0, columns()) << "\x1b[K" << std::flush;
}

void ProgressLine::clear() {
    if (std::exchange(shown_, false)) std::cerr << "\r\x1b[K" << std::flush;
}

}  // namespace tollgate
