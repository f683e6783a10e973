#include "service/audit_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "service/ascii_json.hpp"
#include "service/process.hpp"
#include "service/store.hpp"
#include "signing/hmac.hpp"

namespace tollgate {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_broken = 3;

/// "2026-11-22T10:00:00.000Z"; of a time that nobody meant, its number.
std::string time_text(WallTime at) {
    using namespace std::chrono;
    if (at >= sys_days(year(0) / 1 / 1) && at < sys_days(year(10'000) / 1 / 1)) return to_rfc3339(at);
    return std::to_string(at.time_since_epoch().count());
}

/// Where the bad record is, why it is bad, and what it tells.
std::string told(const AuditVerdict& verdict) {
    std::string text = "record " + std::to_string(*verdict.bad_seq);
    if (!verdict.chain.empty()) text += " of chain " + ascii_json(verdict.chain);
    text += ": " + verdict.why;
    if (!verdict.record) return text;
    const AuditRecord& record = *verdict.record;
    text += "; it reads " + time_text(record.at) + " " + ascii_json(record.what) + " " + ascii_json(record.outcome) + " by " +
            ascii_json(record.who);
    if (!record.charge_id.empty()) text += " on " + ascii_json(record.charge_id);
    return text;
}

/// A line that grows on a terminal, and is gone at the end.
class ProgressLine {
public:
    ~ProgressLine() {
        if (shown_) std::cerr << "\r\x1b[K" << std::flush;
    }
    void show(std::int64_t records) {
        const auto now = std::chrono::steady_clock::now();
        if (!terminal_ || now < next_) return;
        next_ = now + std::chrono::milliseconds(200);
        shown_ = true;
        std::cerr << "\r" << records << " records" << std::flush;
    }

private:
    const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_{};
};

/// Standard output, or a file that has a name of its own until it is whole.
class Output {
public:
    explicit Output(std::string file) : file_(std::move(file)) {
        if (file_.empty()) return;
        temporary_ = file_ + ".XXXXXX";
        fd_ = ::mkostemp(temporary_.data(), O_CLOEXEC);  // readable by its owner only
        if (fd_ < 0) {
            failed_ = errno;
            temporary_.clear();
        }
    }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() {
        if (!file_.empty() && fd_ >= 0) ::close(fd_);
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }

    Result<void> write(std::string_view text) {
        buffer_ += text;
        if (buffer_.size() >= buffer_max) flush();
        return state();
    }

    Result<void> finish() {
        flush();
        if (failed_ == 0 && !file_.empty()) {
            const bool kept = ::fsync(fd_) == 0 && ::rename(temporary_.c_str(), file_.c_str()) == 0;
            if (kept) {
                temporary_.clear();
            } else {
                failed_ = errno;
            }
        }
        return state();
    }

    /// Whether it can be written to.
    [[nodiscard]] Result<void> state() const {
        if (failed_ == 0) return {};
        return fail(Code::internal,
                    (file_.empty() ? "standard output" : file_) + " cannot be written: " + std::strerror(failed_));
    }

private:
    static constexpr std::size_t buffer_max = 1 << 16;

    void flush() {
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

    const std::string file_;
    std::string temporary_;  // empty: none is left to be removed
    std::string buffer_;
    int fd_ = STDOUT_FILENO;
    int failed_ = 0;
};

std::string line_of(const AuditEntry& entry) {
    const AuditRecord& record = entry.record;
    std::string line = "{\"seq\":" + std::to_string(entry.seq);
    const auto add = [&](const char* name, std::string_view text) {
        line.append(",\"").append(name).append("\":");
        append_ascii_json(line, text);
    };
    if (!entry.chain.empty()) add("chain", entry.chain);
    add("at", time_text(record.at));
    add("who", record.who);
    add("what", record.what);
    add("outcome", record.outcome);
    add("origin", record.origin);
    add("charge_id", record.charge_id);
    add("request_id", record.request_id);
    add("hash", hex(entry.hash));
    return line += "}\n";
}

}  // namespace

int verify_audit_log(const Settings& settings) {
    Result<AuditVerdict> verdict = AuditVerdict{};
    {
        ProgressLine line;
        verdict = verify_audit(settings, [&](std::int64_t records) { line.show(records); });
    }
    if (!verdict) return say("the audit log could not be checked: " + verdict.error().detail, exit_failed);
    if (verdict->bad_seq) {
        std::cout << "audit chain broken at " << told(*verdict) << std::endl;
        return exit_broken;
    }
    const bool one = verdict->chains == 1;
    std::cout << (one ? "audit chain whole: " : "audit chains whole: ") << verdict->records
              << (verdict->records == 1 ? " record" : " records");
    if (!one) std::cout << " in " << verdict->chains << " chains";
    std::cout << std::endl;
    return 0;
}

int export_audit_log(const Settings& settings, std::chrono::sys_days day, const std::string& file) {
    Output output(file);
    Result<void> written = output.state();
    if (!written) return say(written.error().detail, exit_failed);
    const Result<AuditVerdict> verdict =
        export_audit(settings, day, [&](const AuditEntry& entry) { return output.write(line_of(entry)); });
    if (!verdict) return say("the audit log could not be exported: " + verdict.error().detail, exit_failed);
    if (verdict->bad_seq) {
        if (file.empty()) written = output.finish();
        return say("the audit log could not be exported whole, for " + told(*verdict), exit_broken);
    }
    written = output.finish();
    return written ? 0 : say(written.error().detail, exit_failed);
}

}  // namespace tollgate
