#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/error.hpp"

/// What a command leaves behind, and what it shows meanwhile.
namespace tollgate {

/// Standard output, or a file that has a name of its own until it is whole: then it appears, readable by its owner only, in
/// place of an older one. Without `finish` nothing is left of it.
class Output {
public:
    /// An empty name is standard output. `state` tells whether it can be written to.
    explicit Output(std::string file);
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    /// All three fail with a sentence that names it. Once one did, the others do.
    Result<void> write(std::string_view text);
    Result<void> finish();
    [[nodiscard]] Result<void> state() const;

private:
    void open();
    void flush();

    const std::string file_;
    std::string temporary_;  // empty: none is left to be removed
    std::string buffer_;
    int fd_;
    int failed_ = 0;
};

/// A line on standard error that changes, where that is a terminal, and is gone at the end; nothing where it is none.
class ProgressLine {
public:
    ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { clear(); }

    /// A few times a second; what comes faster is left out.
    void show(std::string_view text);
    void clear();

private:
    const bool terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace tollgate
