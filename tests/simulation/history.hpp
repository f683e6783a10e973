#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace tollgate::simulation {

/// What happened, as one number (a hash of all of it) and, where it is asked for, as lines on standard output. The same seed
/// gives the same number.
class History {
public:
    explicit History(bool prints) : prints_(prints) {}

    /// `parts` are strings and integers.
    template <class... Parts>
    void note(SteadyTime at, std::string_view what, const Parts&... parts) {
        const std::int64_t milliseconds = std::chrono::floor<Milliseconds>(at.time_since_epoch()).count();
        add(milliseconds);
        add(what);
        (add(parts), ...);
        if (!prints_) return;
        std::string line(what);
        ((line += ' ', line += text(parts)), ...);
        std::printf("%12.3f %s\n", static_cast<double>(milliseconds) / 1000 - 3600, line.c_str());
    }

    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

private:
    void add(std::string_view bytes) noexcept {
        add(bytes.size());
        for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, bytes.data(), 8);
            add(eight);
        }
        for (const char c : bytes) add(c);
    }
    void add(std::integral auto number) noexcept {
        hash_ = (hash_ ^ static_cast<std::uint64_t>(number)) * 0x9e3779b97f4a7c15;
        hash_ ^= hash_ >> 32;
    }
    static std::string text(std::string_view bytes) { return std::string(bytes.empty() ? std::string_view("-") : bytes); }
    static std::string text(std::integral auto number) { return std::to_string(number); }

    const bool prints_;
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace tollgate::simulation
