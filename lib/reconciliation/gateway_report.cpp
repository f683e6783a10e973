#include "reconciliation/gateway_report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "gateway/transactions.hpp"
#include "reconciliation/gateway_report_rows.hpp"

namespace tollgate::reconciliation {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return out;
}

class FileReport final : public GatewayReport {
public:
    FileReport(std::string file, int fd, std::unique_ptr<ReportRows> rows)
        : file_(std::move(file)), fd_(fd), rows_(std::move(rows)) {}
    FileReport(const FileReport&) = delete;
    FileReport& operator=(const FileReport&) = delete;
    ~FileReport() override { ::close(fd_); }

    Result<std::vector<GatewayTransaction>> next() override {
        std::vector<GatewayTransaction> out;
        while (out.empty() && !failed_ && !ended_) {
            const auto piece = read_piece();
            if (!piece) {
                failed_ = file_ + piece.error();
                break;
            }
            ended_ = piece->empty();
            const auto read = ended_ ? rows_->end(out) : rows_->read(*piece, out);
            if (!read) failed_ = file_ + read.error();
        }
        if (failed_) return fail(Code::bad_request, *failed_);
        return out;
    }

private:
    /// As much as fits, so that a byte order mark lies in the first one; empty: that was the last.
    std::expected<std::string_view, std::string> read_piece() {
        std::size_t size = 0;
        while (size < piece_.size()) {
            const ssize_t count = ::read(fd_, piece_.data() + size, piece_.size() - size);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return std::unexpected(" cannot be read: " + std::string(std::strerror(errno)));
            if (count == 0) break;
            size += static_cast<std::size_t>(count);
        }
        std::string_view piece(piece_.data(), size);
        if (!std::exchange(begun_, true) && piece.starts_with("\xEF\xBB\xBF")) piece.remove_prefix(3);
        return piece;
    }

    const std::string file_;
    const int fd_;
    const std::unique_ptr<ReportRows> rows_;
    std::array<char, 32 * 1024> piece_;  // holds fewer than a thousand rows, even of the shortest
    bool begun_ = false;
    bool ended_ = false;
    std::optional<std::string> failed_;
};

}  // namespace

bool is_passed_over(std::string_view type) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = type.find_first_not_of(blanks);
    if (first == std::string_view::npos) return false;
    type = type.substr(first, type.find_last_not_of(blanks) + 1 - first);
    return !is_transaction_type(lower(type));
}

Result<std::unique_ptr<GatewayReport>> GatewayReport::open(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hold up whoever opens it
    if (fd < 0) return fail(Code::bad_request, file + " cannot be opened: " + std::strerror(errno));
    const bool csv = lower(file).ends_with(".csv");
    auto report = std::make_unique<FileReport>(file, fd, csv ? csv_rows() : json_rows());
    struct stat status{};
    if (::fstat(fd, &status) != 0) return fail(Code::bad_request, file + " cannot be read: " + std::strerror(errno));
    if (S_ISDIR(status.st_mode)) return fail(Code::bad_request, file + " is a folder; name the file in it");
    if (!S_ISREG(status.st_mode))
        return fail(Code::bad_request, file + " is no regular file, and may be read more than once; save it as one first");
    return Result<std::unique_ptr<GatewayReport>>(std::move(report));
}

}  // namespace tollgate::reconciliation
