#pragma once

#include <atomic>
#include <optional>

#include "service/console/access.hpp"
#include "service/console/live_state.hpp"

namespace tollgate::console {

/// The streams of GET /console/live (text/event-stream: HTML Living Standard, 9.2). Safe from any thread.
class LivePlaces {
public:
    static constexpr int places_max = 32;

    /// One browser that looks on: an event `state` at once and whenever a second's look finds something else, and a comment
    /// every 15 s in which there was nothing to tell. Ends when the session has expired and, within 30 s, when it was ended.
    /// What is borrowed, this object too, outlives it. None: all places are taken; one is free again when its stream is
    /// destroyed.
    [[nodiscard]] http::BodySource stream(const Runtime& runtime, const Access& access, LiveState& state,
                                          std::optional<Session> session);

private:
    struct Onlooker;
    std::atomic<int> taken_{0};
};

}  // namespace tollgate::console
