#pragma once

#include <cstddef>

#include "core/error.hpp"

namespace tollgate {

/// Where requests for a charge come in, and for what becomes of it. One a thread, used on it only.
struct ChargeDoor {
    bool closed = false;     // new ones are told that the service shuts down
    std::size_t inside = 0;  // that came in and are not answered yet
};

/// What those are told.
[[nodiscard]] inline PaymentError shutting_down() {
    return {Code::shutting_down, "this process is about to stop; ask again, and another one answers",
            std::chrono::milliseconds(1'000)};
}

/// Counts a request as inside for as long as it lives.
class Inside {
public:
    explicit Inside(ChargeDoor& door) : door_(door) { ++door_.inside; }
    ~Inside() { --door_.inside; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    ChargeDoor& door_;
};

}  // namespace tollgate
